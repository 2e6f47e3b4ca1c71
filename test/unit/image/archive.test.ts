import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { extract, type Header } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packEntries } from '../../../src/image/archive.ts';
import { hashEntries, type Entry } from '../../../src/image/entries.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpd-archive-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function unpack(entries: readonly Entry[]) {
  const members: { name: string; type: Header['type']; mode: number; content: string }[] = [];
  const archive = packEntries(entries).pipe(extract());
  for await (const member of archive as AsyncIterable<Readable & { header: Header }>) {
    const { name, type, mode = 0, linkname } = member.header;
    const content = linkname ?? (await buffer(member)).toString();
    members.push({ name, type, mode, content });
  }
  return members;
}

test('every kind of entry arrives, after its parent folders', async () => {
  const source = join(folder, 'program');
  await writeFile(source, 'binary');
  const members = await unpack([
    { type: 'copy', path: 'usr/bin/program', source, mode: 0o755 },
    { type: 'file', path: 'etc/hosts', content: 'text' },
    { type: 'link', path: 'usr/bin/alias', target: 'program' },
    { type: 'folder', path: 'tmp', mode: 0o1777 },
  ]);
  expect(members).toEqual([
    { name: 'etc', type: 'directory', mode: 0o755, content: '' },
    { name: 'etc/hosts', type: 'file', mode: 0o644, content: 'text' },
    { name: 'tmp', type: 'directory', mode: 0o1777, content: '' },
    { name: 'usr', type: 'directory', mode: 0o755, content: '' },
    { name: 'usr/bin', type: 'directory', mode: 0o755, content: '' },
    { name: 'usr/bin/alias', type: 'symlink', mode: 0o777, content: 'program' },
    { name: 'usr/bin/program', type: 'file', mode: 0o755, content: 'binary' },
  ]);
});

test('the same entries give the same bytes, in whatever order they come', async () => {
  const entries: Entry[] = [
    { type: 'file', path: 'b', content: '2' },
    { type: 'file', path: 'a', content: '1' },
  ];
  const bytes = await buffer(packEntries(entries));
  expect(await buffer(packEntries(entries.toReversed()))).toEqual(bytes);
  expect(await hashEntries(entries.toReversed())).toBe(await hashEntries(entries));
});

test('a file that is not there fails the stream', async () => {
  const entries: Entry[] = [{ type: 'copy', path: 'x', source: join(folder, 'gone') }];
  await expect(buffer(packEntries(entries))).rejects.toThrow('ENOENT');
});

test.each<[string, Entry]>([
  ['content', { type: 'file', path: 'a', content: 'other' }],
  ['path', { type: 'file', path: 'b', content: '1' }],
  ['mode', { type: 'file', path: 'a', content: '1', mode: 0o755 }],
  ['kind', { type: 'link', path: 'a', target: '1' }],
])('another %s gives another hash', async (_what, other) => {
  const hash = await hashEntries([{ type: 'file', path: 'a', content: '1' }]);
  expect(await hashEntries([other])).not.toBe(hash);
});

test('a file hashes the same from memory and from disk', async () => {
  const source = join(folder, 'a');
  await writeFile(source, '1');
  const fromDisk = await hashEntries([{ type: 'copy', path: 'a', source }]);
  expect(fromDisk).toBe(await hashEntries([{ type: 'file', path: 'a', content: '1' }]));
});
