import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { watchFolder, watched } from '../../../src/bridge/watched.ts';

const longAgo = new Date(Date.now() - 60_000);

/** A folder that nothing has changed in for a while, and what a file in it says, a millisecond after the last time. */
function makeFolder() {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = mkdtempSync(join(tmpdir(), 'watched-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'file');
  const write = (path: string, text: string): void => {
    writeFileSync(path, text);
    utimesSync(path, longAgo, longAgo);
  };
  const replace = (text: string): void => {
    write(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const settle = (): void => utimesSync(folder, longAgo, longAgo);
  const ask = watched(file, (content) => content?.toString(), watchFolder(folder));
  const say = (): string | undefined => {
    vi.setSystemTime(Date.now() + 1);
    return ask();
  };
  return { file, write, replace, settle, say };
}

test('a file put in the place of another holds at once, in a folder that was at rest', () => {
  const { replace, settle, say } = makeFolder();
  replace('a');
  settle();
  expect(say()).toBe('a');
  replace('b');
  expect(say()).toBe('b');
  replace('c');
  settle();
  expect(say()).toBe('c');
});

test('a file that goes is missed at once, and so is one that comes', () => {
  const { file, replace, settle, say } = makeFolder();
  settle();
  expect(say()).toBe(undefined);
  replace('a');
  expect(say()).toBe('a');
  settle();
  expect(say()).toBe('a');
  rmSync(file);
  expect(say()).toBe(undefined);
});

test('a file that is written to where it is holds within a second', () => {
  const { file, write, replace, settle, say } = makeFolder();
  replace('a');
  settle();
  expect(say()).toBe('a');
  write(file, 'b');
  vi.setSystemTime(Date.now() + 1_000);
  expect(say()).toBe('b');
});
