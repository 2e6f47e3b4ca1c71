import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { writeOutput } from '../../../src/backup/output-file.ts';
import { temporaryFolder } from './temporary.ts';

const { signal } = new AbortController();

test('a backup is there as a whole, or not at all', async () => {
  using box = temporaryFolder();
  const file = join(box.path, 'home.age');
  expect(await writeOutput(Readable.from(['text']), { file, force: false, signal })).toBe(4);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const cut = new Readable({ read() {} });
  cut.push('half');
  setImmediate(() => cut.destroy(new Error('cut off')));
  const other = { file: join(box.path, 'other.age'), force: false, signal };
  await expect(writeOutput(cut, other)).rejects.toThrow('cut off');
  expect(readdirSync(box.path)).toEqual(['home.age']);
});

test('what somebody puts there meanwhile is not replaced, unless by force', async () => {
  using box = temporaryFolder();
  const file = join(box.path, 'home.age');
  async function* slowly() {
    writeFileSync(file, 'theirs');
    yield 'text';
  }
  const output = { file, force: false, signal };
  await expect(writeOutput(Readable.from(slowly()), output)).rejects.toMatchObject({
    code: 'FILE_EXISTS',
  });
  expect(readFileSync(file, 'utf8')).toBe('theirs');
  await writeOutput(Readable.from(slowly()), { ...output, force: true });
  expect(readFileSync(file, 'utf8')).toBe('text');
  expect(readdirSync(box.path)).toEqual(['home.age']);
});
