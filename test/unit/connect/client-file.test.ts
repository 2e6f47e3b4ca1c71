import {
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readClientFile, writeClientFile } from '../../../src/connect/client-file.ts';
import { RefusedError, UsageError } from '../../../src/errors.ts';

const bob = 4242;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpd-test-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, text: string, uid = bob): Promise<void> {
  await writeClientFile(await readClientFile(path, uid), text);
}

test('a new file, in new folders, is its owner’s alone', async () => {
  const path = join(folder, 'a/b/x.json');
  await write(path, '{}');
  expect(await readFile(path, 'utf8')).toBe('{}');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'a'))).mode & 0o777).toBe(0o700);
});

test('an existing one keeps its mode, and nothing else is left in its folder', async () => {
  const path = join(folder, 'x.json');
  await writeFile(path, '{"a":1}', { mode: 0o640 });
  await write(path, '{"a":2}');
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await readdir(folder)).toEqual(['x.json']);
});

test('a link stays a link, and what it leads to is written', async () => {
  await writeFile(join(folder, 'real.json'), '{}');
  await symlink('real.json', join(folder, 'x.json'));
  await write(join(folder, 'x.json'), '{"a":1}');
  expect((await lstat(join(folder, 'x.json'))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(folder, 'real.json'), 'utf8')).toBe('{"a":1}');
});

test('a folder in its place is refused', async () => {
  await mkdir(join(folder, 'x.json'));
  await expect(readClientFile(join(folder, 'x.json'), bob)).rejects.toBeInstanceOf(UsageError);
});

describe.runIf(process.getuid?.() === 0)('as root', () => {
  test('a folder of another account is refused, as they could make it lead anywhere', async () => {
    await mkdir(join(folder, 'home/.cursor'), { recursive: true });
    await chown(join(folder, 'home'), bob, bob);
    const failure = readClientFile(join(folder, 'home/.cursor/mcp.json'), 0);
    await expect(failure).rejects.toBeInstanceOf(RefusedError);
    await expect(failure).rejects.toThrow(`home belongs to another account (uid ${bob})`);
  });

  test('also when their link leads to a folder of root', async () => {
    await mkdir(join(folder, 'home'));
    await mkdir(join(folder, 'etc'));
    await symlink('../etc', join(folder, 'home/link'));
    await chown(join(folder, 'home'), bob, bob);
    const failure = readClientFile(join(folder, 'home/link/x.json'), 0);
    await expect(failure).rejects.toBeInstanceOf(RefusedError);
  });
});
