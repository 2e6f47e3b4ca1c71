import { once } from 'node:events';
import { createServer } from 'node:net';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { walk, type Tree } from '../../../src/backup/walk.ts';
import { temporaryFolder } from './temporary.ts';

interface Seen {
  readonly notices: Map<string, string>;
  readonly found: Map<string, string>;
}

/** All there is by path, as its type or a file's content; `disturb` is called before each is taken. */
function readAll(
  folder: string,
  { disturb = () => {}, ...more }: Partial<Tree> & { disturb?: (path: string) => void } = {},
): Seen {
  const notices = new Map<string, string>();
  const found = new Map<string, string>();
  const notice = (path: string, reason: string) => void notices.set(path, reason);
  for (const { member, content } of walk({ folder, path: 'w', notice, ...more })) {
    disturb(member.path);
    const text = content ? Buffer.concat([...content]).toString('latin1') : member.type;
    found.set(member.path, member.target === '' ? text : `${member.type} ${member.target}`);
  }
  return { notices, found };
}

test('files, folders, links and second names are found, folders first', () => {
  using box = temporaryFolder();
  mkdirSync(join(box.path, 'b/c'), { recursive: true });
  writeFileSync(join(box.path, 'a'), 'text');
  linkSync(join(box.path, 'a'), join(box.path, 'b/again'));
  symlinkSync('/etc', join(box.path, 'b/c/link'));
  writeFileSync(Buffer.concat([Buffer.from(`${box.path}/`), Buffer.from([0xff])]), 'odd');
  const { found, notices } = readAll(box.path);
  expect([...found]).toEqual([
    ['w', 'directory'],
    ['w/a', 'text'],
    ['w/b', 'directory'],
    ['w/b/again', 'link w/a'],
    ['w/b/c', 'directory'],
    ['w/b/c/link', 'symlink /etc'],
    ['w/\xff', 'odd'],
  ]);
  expect(notices.size).toBe(0);
});

test('a file that is nearly all holes keeps nobody reading: it is left out, with a word', () => {
  using box = temporaryFolder();
  writeFileSync(join(box.path, 'vast'), 'text');
  truncateSync(join(box.path, 'vast'), 2 ** 40);
  const { found, notices } = readAll(box.path);
  expect([...found.keys()]).toEqual(['w']);
  expect(notices.get('w/vast')).toBe('left out: more than 64 GiB of it are holes');
});

test('sockets and the like are left out, with a word', async () => {
  using box = temporaryFolder();
  await using server = createServer();
  await once(server.listen(join(box.path, 'socket')), 'listening');
  const { found, notices } = readAll(box.path);
  expect([...found.keys()]).toEqual(['w']);
  expect(notices.get('w/socket')).toMatch('left out: neither');
});

test('a file that changes while it is read is named, and has the size that was said', () => {
  using box = temporaryFolder();
  const [grown, cut] = [join(box.path, 'grown'), join(box.path, 'cut')];
  writeFileSync(grown, 'abc');
  writeFileSync(cut, 'abcdef');
  const disturb = (path: string) => {
    if (path === 'w/grown') appendFileSync(grown, 'def');
    if (path === 'w/cut') truncateSync(cut, 2);
  };
  const { found, notices } = readAll(box.path, { disturb });
  expect(found.get('w/grown')).toBe('abc');
  expect(found.get('w/cut')).toBe('ab\0\0\0\0');
  expect(notices.get('w/grown')).toBe('changed while it was read');
  expect(notices.get('w/cut')).toBe('changed while it was read');
});

test('a log that grows is no news', () => {
  using box = temporaryFolder();
  const log = join(box.path, 'log');
  writeFileSync(log, 'abc');
  const disturb = (path: string) => path === 'w/log' && appendFileSync(log, 'def');
  const { found, notices } = readAll(box.path, { appended: true, disturb });
  expect(found.get('w/log')).toBe('abc');
  expect(notices.size).toBe(0);
});

test('records that are renamed or removed while they are read are there once, under the names they had', () => {
  using box = temporaryFolder();
  const at = (name: string) => join(box.path, name);
  for (const name of ['audit-1', 'audit-2', 'audit']) writeFileSync(at(`${name}.jsonl`), name);
  const disturb = (path: string) => {
    if (path !== 'w/audit-1.jsonl') return;
    renameSync(at('audit.jsonl'), at('audit-3.jsonl'));
    writeFileSync(at('audit.jsonl'), 'newer');
    rmSync(at('audit-2.jsonl'));
  };
  const { found, notices } = readAll(box.path, { appended: true, disturb });
  expect([...found]).toEqual([
    ['w', 'directory'],
    ['w/audit-1.jsonl', 'audit-1'],
    ['w/audit-2.jsonl', 'audit-2'],
    ['w/audit.jsonl', 'audit'],
  ]);
  expect(notices.size).toBe(0);
});

test('links among records, which no restore takes, are left out or read as files', () => {
  using box = temporaryFolder();
  writeFileSync(join(box.path, 'log'), 'abc');
  linkSync(join(box.path, 'log'), join(box.path, 'second'));
  symlinkSync('/etc', join(box.path, 'symlink'));
  const { found, notices } = readAll(box.path, { appended: true });
  expect([...found]).toEqual([
    ['w', 'directory'],
    ['w/log', 'abc'],
    ['w/second', 'abc'],
  ]);
  expect([...notices]).toEqual([['w/symlink', 'left out: a link among records']]);
});

test('a folder that is swapped for a link while it is read lets nothing of elsewhere in', () => {
  using box = temporaryFolder();
  using elsewhere = temporaryFolder();
  writeFileSync(join(elsewhere.path, 'file'), 'not theirs');
  writeFileSync(join(elsewhere.path, 'other'), 'not theirs');
  mkdirSync(join(box.path, 'folder'));
  writeFileSync(join(box.path, 'folder/file'), 'theirs');
  const swap = () => {
    renameSync(join(box.path, 'folder'), join(box.path, 'moved'));
    symlinkSync(elsewhere.path, join(box.path, 'folder'));
  };
  const { found } = readAll(box.path, { disturb: (path) => path === 'w/folder' && swap() });
  expect(found.get('w/folder/file')).toBe('theirs');
  expect([...found.values()]).not.toContain('not theirs');
});

test('what goes before its turn is left out', () => {
  using box = temporaryFolder();
  mkdirSync(join(box.path, 'a'));
  writeFileSync(join(box.path, 'b'), 'text');
  const disturb = (path: string) => path === 'w/a' && rmSync(join(box.path, 'b'));
  const { found, notices } = readAll(box.path, { disturb });
  expect(found.has('w/b')).toBe(false);
  expect(notices.get('w/b')).toMatch('went meanwhile');
});

test('a link in the place of the folder itself is not followed', () => {
  using box = temporaryFolder();
  symlinkSync('/etc', join(box.path, 'link'));
  expect(() => readAll(join(box.path, 'link'))).toThrow(/ELOOP|ENOTDIR/);
});
