import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Mount } from '../../../src/storage/mounts.ts';
import { growImage } from '../../../src/storage/move.ts';
import { volumePaths, type VolumePaths } from '../../../src/storage/paths.ts';
import { finishMoves } from '../../../src/storage/recover.ts';
import { StorageError } from '../../../src/storage/tools.ts';
import type { Volumes } from '../../../src/storage/volumes.ts';

let folder = '';
let paths: VolumePaths;
let mounts: Mount[] = [];
let said: string[] = [];

/** Notes what it is told to do; a mount is an entry of a list. */
function volumes(change: Partial<Volumes> = {}): Volumes {
  return {
    mounts: async () => mounts,
    make: async () => {},
    mount: async (image, onto) => {
      said.push('mount');
      mounts.push({ folder: onto, device: image });
    },
    unmount: async (from) => {
      said.push('unmount');
      mounts = mounts.filter((mount) => mount.folder !== from);
    },
    measureAgain: async () => {},
    fill: async () => {},
    copy: async () => {},
    capacity: async () => ({ totalBytes: 32, freeBytes: 0 }),
    ...change,
  };
}

function finish() {
  const stop = async () => {
    said.push('stop');
  };
  return finishMoves({ volumes: volumes(), paths, stop });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpd-recover-'));
  paths = volumePaths(join(folder, 'workspace'));
  mounts = [];
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

// Only root can close the folder under a mount.
describe.skipIf(process.getuid?.() !== 0)('after a killed command', () => {
  test('a half made image is thrown away, and the files stay where they were', async () => {
    mkdirSync(paths.workspace);
    writeFileSync(join(paths.workspace, 'file'), 'kept');
    mkdirSync(paths.stagedFolder);
    writeFileSync(paths.stagedImage, '');
    mounts = [{ folder: paths.stagedFolder, device: '/dev/loop0' }];
    expect(await finish()).toBe(true);
    expect(said).toEqual(['unmount']);
    expect(existsSync(paths.stagedFolder) || existsSync(paths.stagedImage)).toBe(false);
    expect(readFileSync(join(paths.workspace, 'file'), 'utf8')).toBe('kept');
  });

  test('a complete image is mounted on a closed folder, and the old files go after that', async () => {
    mkdirSync(paths.workspace);
    writeFileSync(join(paths.workspace, 'file'), 'copied');
    writeFileSync(paths.image, '');
    expect(await finish()).toBe(true);
    expect(said).toEqual(['stop', 'mount']);
    expect(statSync(paths.workspace)).toMatchObject({ uid: 0 });
    expect(statSync(paths.workspace).mode & 0o777).toBe(0);
    expect(existsSync(paths.old)).toBe(false);
    expect(existsSync(join(paths.workspace, 'file'))).toBe(false);
  });

  test('a complete copy of an image becomes the workspace, whether the image is still there or not', async () => {
    for (const hasImage of [true, false]) {
      mkdirSync(paths.workspace, { mode: 0 });
      mkdirSync(paths.plain);
      writeFileSync(join(paths.plain, 'file'), 'copied');
      if (hasImage) writeFileSync(paths.image, '');
      if (hasImage) mounts = [{ folder: paths.workspace, device: '/dev/loop0' }];
      expect(await finish()).toBe(true);
      expect(mounts).toEqual([]);
      expect(existsSync(paths.image) || existsSync(paths.plain)).toBe(false);
      expect(readFileSync(join(paths.workspace, 'file'), 'utf8')).toBe('copied');
      rmSync(paths.workspace, { recursive: true });
    }
  });

  test('a mounted image needs nothing, and no server is stopped', async () => {
    mkdirSync(paths.workspace);
    writeFileSync(paths.image, '');
    mounts = [{ folder: paths.workspace, device: '/dev/loop0' }];
    expect(await finish()).toBe(false);
    expect(said).toEqual([]);
  });
});

describe('growth', () => {
  beforeEach(() => {
    mkdirSync(paths.workspace);
    writeFileSync(paths.image, Buffer.alloc(32));
    mounts = [{ folder: paths.workspace, device: '/dev/loop0' }];
  });

  test('lengthens the image, then its device, then the file system', async () => {
    const seen: string[] = [];
    const place = volumes({
      measureAgain: async () => void seen.push(`device ${statSync(paths.image).size}`),
      fill: async () => void seen.push('file system'),
    });
    await growImage({ volumes: place, paths }, 64);
    expect(seen).toEqual(['device 64', 'file system']);
  });

  test('that is not allowed leaves the image as it was', async () => {
    const refuse = async () => {
      throw new StorageError(['resize2fs'], { code: 1, stderr: 'not permitted' });
    };
    const growing = growImage({ volumes: volumes({ fill: refuse }), paths }, 64);
    await expect(growing).rejects.toThrow('resize2fs failed: not permitted');
    expect(statSync(paths.image).size).toBe(32);
  });
});
