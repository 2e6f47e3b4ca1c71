import { once } from 'node:events';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { fromText } from '../../../src/backup/member.ts';
import { walk } from '../../../src/backup/walk.ts';
import {
  archiveOf,
  bobId,
  folderOf,
  forgedArchive,
  manifest,
  memberOf,
  readAll,
  temporaryFolder,
} from './temporary.ts';

const workspace = `users/${bobId}/workspace`;
const damaged = { code: 'BACKUP_DAMAGED', exitCode: 8 };

test('members come back as they were, whatever bytes their names are', async () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 120 })
    .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll(/[/\0]/g, 'x'))
    .filter((text) => text !== '.' && text !== '..');
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { maxLength: 5 }), name, async (names, target) => {
      const files = names.map((one, index) => ({
        member: memberOf(`${workspace}/${one}`, { size: index, mode: 0o600 + index }),
        content: [Buffer.alloc(index, 1)],
      }));
      const link = memberOf(`${workspace}/zz-link-${'z'.repeat(120)}`, { type: 'symlink', target });
      const archive = archiveOf(async ({ add }) => {
        for (const found of [{ member: folderOf(workspace) }, ...files, { member: link }]) {
          await add(found);
        }
      });
      const read = await readAll(archive);
      expect(read.map(({ member }) => member)).toEqual([
        folderOf(workspace),
        ...files.map(({ member }) => member),
        link,
      ]);
      expect(read.slice(1, -1).map(({ text }) => text.length)).toEqual(names.map((_, i) => i));
    }),
    { numRuns: 30 },
  );
});

test.each([
  ['before 1970', -5_000, 0],
  ['after 2038', Date.UTC(2100, 0), 2 ** 31 - 1],
])('a file whose time is %s does not spoil a backup', async (_when, milliseconds, kept) => {
  using box = temporaryFolder();
  const time = new Date(milliseconds);
  writeFileSync(join(box.path, 'file'), 'text');
  utimesSync(join(box.path, 'file'), time, time);
  const archive = archiveOf(async ({ add }) => {
    for (const found of walk({ folder: box.path, path: workspace, notice: () => {} })) {
      await add(found);
    }
  });
  const read = await readAll(archive);
  expect(read.at(-1)).toMatchObject({ text: 'text', member: { mtime: kept } });
});

test('a large file is not held in memory: it is read as fast as it is taken', async () => {
  let given = 0;
  function* content() {
    for (; given < 400; given += 1) yield Buffer.alloc(2 ** 16);
  }
  const member = memberOf(`${workspace}/large`, { size: 400 * 2 ** 16 });
  const archive = archiveOf(async ({ add }) => {
    await add({ member: folderOf(workspace) });
    await add({ member, content: content() });
  });
  const taken = archive[Symbol.asyncIterator]();
  for (let chunk = 0; chunk < 10; chunk += 1) await taken.next();
  expect(given).toBeGreaterThan(0);
  expect(given).toBeLessThan(40);
  archive.destroy();
});

test('an archive without its end, or with more behind it, is damaged', async () => {
  const whole = await buffer(archiveOf(({ add }) => add({ member: folderOf(workspace) })));
  const bytesOf = (count: number) => Readable.from([whole.subarray(0, count)]);
  // Without end.json, its content, and the two blocks that end a tar.
  await expect(readAll(bytesOf(whole.length - 4 * 512))).rejects.toMatchObject(damaged);
  await expect(readAll(bytesOf(whole.length - 3 * 512))).rejects.toMatchObject(damaged);
  const more = Readable.from([whole.subarray(0, whole.length - 1024), whole.subarray(0, 1024)]);
  await expect(readAll(more)).rejects.toMatchObject(damaged);
  await expect(readAll(bytesOf(whole.length))).resolves.toHaveLength(1);
});

test('a manifest that would fill the memory is damaged, before any of it is read', async () => {
  const archive = pack();
  archive.entry({ name: 'manifest.json', size: 2 ** 31 });
  const [header] = await once(archive, 'data');
  archive.destroy();
  await expect(readAll(Readable.from([header]))).rejects.toMatchObject({
    ...damaged,
    message: expect.stringContaining('too large'),
  });
});

test('a changed byte of content, a changed mode and a missing member are found', async () => {
  const file = memberOf(`${workspace}/file`, { size: 4 });
  const whole = await buffer(
    archiveOf(async ({ add }) => {
      await add({ member: folderOf(workspace) });
      await add({ member: file, content: [Buffer.from('text')] });
    }),
  );
  const at = whole.indexOf('text');
  const changed = Buffer.from(whole);
  changed[at] = 'T'.charCodeAt(0);
  await expect(readAll(Readable.from([changed]))).rejects.toMatchObject(damaged);
  const without = Buffer.concat([whole.subarray(0, at - 512), whole.subarray(at + 512)]);
  await expect(readAll(Readable.from([without]))).rejects.toMatchObject(damaged);
});

test('what is no archive, or begins with something else, is damaged', async () => {
  await expect(readAll(Readable.from([Buffer.alloc(2000, 7)]))).rejects.toMatchObject(damaged);
  await expect(readAll(Readable.from([]))).rejects.toMatchObject(damaged);
  const other = pack();
  other.entry({ name: workspace, type: 'directory' });
  other.finalize();
  await expect(readAll(Readable.from(other, { objectMode: false }))).rejects.toMatchObject(damaged);
});

test('a member that leads outside is refused though the digest is right', async () => {
  const inside = folderOf(workspace);
  await expect(readAll(forgedArchive([inside]))).resolves.toHaveLength(1);
  const outside = memberOf(`${workspace}/../../../etc/cron.d/x`);
  await expect(readAll(forgedArchive([inside, outside]))).rejects.toMatchObject({
    code: 'BACKUP_MEMBER_REFUSED',
    message: expect.stringContaining('etc/cron.d/x') as string,
  });
});

test.each(['character-device', 'block-device', 'fifo'] as const)(
  'a %s is refused',
  async (type) => {
    const archive = pack();
    archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest()));
    archive.entry({ name: workspace, type: 'directory' });
    archive.entry({ name: `${workspace}/node`, type, devmajor: 1, devminor: 3 });
    archive.finalize();
    await expect(readAll(Readable.from(archive, { objectMode: false }))).rejects.toMatchObject({
      code: 'BACKUP_MEMBER_REFUSED',
    });
  },
);

test('a backup of a newer mcpd says so', async () => {
  const archive = pack();
  archive.entry({ name: 'manifest.json' }, JSON.stringify({ format: 99, version: '9.9.9' }));
  archive.finalize();
  await expect(readAll(Readable.from(archive, { objectMode: false }))).rejects.toMatchObject({
    code: 'BACKUP_NEWER',
    message: expect.stringContaining('9.9.9') as string,
  });
});

test('names for people are text again', () => {
  expect(Buffer.from(fromText('Schlüssel 🔑'), 'latin1').toString()).toBe('Schlüssel 🔑');
});
