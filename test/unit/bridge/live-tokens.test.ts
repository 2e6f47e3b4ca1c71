import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { readLiveTokens } from '../../../src/bridge/live-tokens.ts';

function makeFile() {
  const folder = mkdtempSync(join(tmpdir(), 'live-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'tokens.json');
  return { file, write: (text: string) => writeFileSync(file, text) };
}

test('a change holds at once, even one of the same size at the same moment', () => {
  const { file, write } = makeFile();
  const isLive = readLiveTokens(file, systemClock);
  for (let turn = 0; turn < 50; turn += 1) {
    write('{"live":["a"]}');
    expect([isLive('a'), isLive('b')]).toEqual([true, false]);
    write('{"live":["b"]}');
    expect([isLive('a'), isLive('b')]).toEqual([false, true]);
  }
});

test('a file put in the place of an old one holds at once', () => {
  const { file, write } = makeFile();
  write('{"live":["a"]}');
  const old = new Date(Date.now() - 60_000);
  utimesSync(file, old, old);
  const isLive = readLiveTokens(file, systemClock);
  expect(isLive('a')).toBe(true);
  writeFileSync(`${file}.new`, '{"live":["b"]}');
  utimesSync(`${file}.new`, old, old);
  renameSync(`${file}.new`, file);
  expect([isLive('a'), isLive('b')]).toEqual([false, true]);
});

test.each(['', '{', '[]', '{"live":"a"}', '{"live":{"a":1}}', '{"live":[["a"]]}', 'null'])(
  'no token is live by a file that says %j',
  (text) => {
    const { file, write } = makeFile();
    write(text);
    expect(readLiveTokens(file, systemClock)('a')).toBe(false);
  },
);

test('no token is live without the file, or when it goes', () => {
  const { file, write } = makeFile();
  const isLive = readLiveTokens(file, systemClock);
  expect(isLive('a')).toBe(false);
  write('{"live":["a"]}');
  expect(isLive('a')).toBe(true);
  rmSync(file);
  expect(isLive('a')).toBe(false);
});

test('a token ends when its time is over, though its id is still listed', () => {
  const { file, write } = makeFile();
  let now = 1_000;
  const isLive = readLiveTokens(file, { now: () => now });
  write('{"live":["a","b","c"],"until":{"a":2000,"c":"soon","__proto__":5}}');
  expect(['a', 'b', 'c'].map(isLive)).toEqual([true, true, true]);
  now = 2_000;
  expect(['a', 'b', 'c'].map(isLive)).toEqual([false, true, true]);
});
