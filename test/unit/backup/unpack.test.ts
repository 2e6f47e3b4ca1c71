import { lstatSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Member } from '../../../src/backup/member.ts';
import { createUnpacker } from '../../../src/backup/unpack.ts';
import { folderOf, memberOf, temporaryFolder } from './temporary.ts';

interface Entry {
  readonly member: Member;
  readonly chunks?: readonly Buffer[];
  readonly target?: string;
}

async function unpack(root: string, entries: readonly Entry[]): Promise<void> {
  const unpacker = createUnpacker();
  for (const { member, chunks = [], target } of entries) {
    await unpacker.write({
      member,
      content: Readable.from(chunks),
      path: Buffer.from(join(root, member.path)),
      target: target === undefined ? undefined : Buffer.from(join(root, target)),
      owner: undefined,
    });
  }
  unpacker.finish();
}

test('contents, modes, times and links are made again', async () => {
  using box = temporaryFolder();
  await unpack(box.path, [
    { member: { ...folderOf('d'), mode: 0o1750, mtime: 1_000_000 } },
    { member: memberOf('d/f', { mode: 0o640, mtime: 2_000_000 }), chunks: [Buffer.from('text')] },
    { member: memberOf('d/l', { type: 'symlink', target: '../nowhere', mtime: 3_000_000 }) },
    { member: memberOf('d/again', { type: 'link' }), target: 'd/f' },
  ]);
  const at = (path: string) => lstatSync(join(box.path, path));
  expect(readFileSync(join(box.path, 'd/f'), 'utf8')).toBe('text');
  expect(at('d/f')).toMatchObject({ mtimeMs: 2_000_000_000, nlink: 2, mode: 0o100640 });
  expect(at('d')).toMatchObject({ mtimeMs: 1_000_000_000, mode: 0o41750 });
  expect(at('d/l').mtimeMs).toBe(3_000_000_000);
  expect(readlinkSync(join(box.path, 'd/l'))).toBe('../nowhere');
  expect(at('d/again').ino).toBe(at('d/f').ino);
});

test('nobody gets a set-uid or set-gid file from a backup', async () => {
  using box = temporaryFolder();
  await unpack(box.path, [
    { member: memberOf('program', { mode: 0o6755 }) },
    { member: { ...folderOf('folder'), mode: 0o2775 } },
  ]);
  expect(lstatSync(join(box.path, 'program')).mode & 0o7777).toBe(0o755);
  expect(lstatSync(join(box.path, 'folder')).mode & 0o7777).toBe(0o775);
});

test('empty blocks become holes', async () => {
  using box = temporaryFolder();
  const hole = Buffer.alloc(2 ** 16);
  const chunks = [Buffer.from('begin'), ...Array<Buffer>(64).fill(hole), Buffer.from('end'), hole];
  await unpack(box.path, [{ member: memberOf('sparse'), chunks }]);
  const { size, blocks } = lstatSync(join(box.path, 'sparse'));
  expect(size).toBe(65 * 2 ** 16 + 8);
  expect(blocks * 512).toBeLessThan(2 ** 17);
  expect(readFileSync(join(box.path, 'sparse')).equals(Buffer.concat(chunks))).toBe(true);
});

test('nothing that is there is opened or replaced', async () => {
  using box = temporaryFolder();
  writeFileSync(join(box.path, 'file'), 'before');
  mkdirSync(join(box.path, 'folder'));
  const chunks = [Buffer.from('after')];
  for (const member of [memberOf('file'), memberOf('folder'), folderOf('folder')]) {
    await expect(unpack(box.path, [{ member, chunks }])).rejects.toThrow('EEXIST');
  }
  expect(readFileSync(join(box.path, 'file'), 'utf8')).toBe('before');
});
