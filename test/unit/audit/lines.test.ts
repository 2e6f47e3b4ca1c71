import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openLines } from '../../../src/audit/lines.ts';
import { auditFiles, currentFile, rotatedName } from '../../../src/records/files.ts';

/** A folder of files with one line each, named by it; the last one is written to. */
class Files {
  readonly folder = mkdtempSync(join(tmpdir(), 'lines-'));
  readonly names: string[] = [];

  constructor(...lines: string[]) {
    onTestFinished(() => rmSync(this.folder, { recursive: true }));
    for (const line of lines) this.begin(line);
  }

  /** The current file is followed by one that begins with this line. */
  begin(line: string): void {
    const current = join(this.folder, currentFile);
    const name = rotatedName(1e12, this.names);
    if (this.names.length > 0) renameSync(current, join(this.folder, name));
    this.names.push(name);
    writeFileSync(current, `${line}\n`);
  }

  append(text: string): void {
    appendFileSync(join(this.folder, currentFile), text);
  }

  /** Removes the oldest. */
  prune(): void {
    const [oldest = ''] = this.names.splice(1, 1);
    rmSync(join(this.folder, oldest));
  }

  open() {
    return openLines(this.folder, { select: auditFiles, current: currentFile });
  }
}

async function rest(lines: AsyncIterable<string>): Promise<string[]> {
  const all = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** So many of them. */
async function some(lines: AsyncIterator<string>, count: number): Promise<unknown[]> {
  const all = [];
  while (all.length < count) all.push((await lines.next()).value);
  return all;
}

test('files that are renamed or removed while they are read are read to their end, each once', async () => {
  const files = new Files('a', 'b', 'c');
  await using opened = await files.open();
  const lines = opened.past();
  expect(await some(lines, 1)).toEqual(['a']);
  files.append('d\n');
  files.begin('e');
  files.prune();
  files.prune();
  expect(await rest(lines)).toEqual(['b', 'c', 'd']);
});

test('what is written after that follows without a gap, whichever files it is in', async () => {
  const files = new Files('a', 'b');
  await using opened = await files.open();
  expect(await rest(opened.past())).toEqual(['a', 'b']);
  files.append('c\n');
  files.begin('d');
  files.begin('e');
  files.append('f\nunfin');
  const over = new AbortController();
  const news = opened.news(over.signal);
  expect(await some(news, 4)).toEqual(['c', 'd', 'e', 'f']);
  const next = news.next();
  files.append('ished\n');
  expect((await next).value).toBe('unfinished');
  // Those that were read are not kept any more.
  files.begin('g');
  for (let count = 0; count < 4; count += 1) files.prune();
  expect(await some(news, 1)).toEqual(['g']);
  over.abort();
  expect(await rest(news)).toEqual([]);
});

test('a folder that is not there has no lines, and is waited for', async () => {
  const { folder: above } = new Files();
  const folder = join(above, 'logs');
  await using opened = await openLines(folder, { select: auditFiles, current: currentFile });
  expect(await rest(opened.past())).toEqual([]);
  const over = new AbortController();
  const news = opened.news(over.signal);
  const next = news.next();
  mkdirSync(folder);
  writeFileSync(join(folder, currentFile), 'a\n');
  expect((await next).value).toBe('a');
  over.abort();
});

test('a name that leads nowhere does not keep the others from being read', async () => {
  const files = new Files('a');
  symlinkSync('nowhere', join(files.folder, rotatedName(2e12, [])));
  await using opened = await files.open();
  expect(await rest(opened.past())).toEqual(['a']);
});
