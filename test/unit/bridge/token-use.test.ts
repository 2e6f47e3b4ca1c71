import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { recordTokenUse, tokenUseFile } from '../../../src/bridge/token-use.ts';
import { lastUses } from '../../../src/tokens/last-used.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'use-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function makeUse(folder = makeFolder()) {
  let now = 1_000_000;
  const file = join(folder, tokenUseFile);
  const use = recordTokenUse(file, { now: () => now });
  return {
    ...use,
    file,
    folder,
    pass: (ms: number) => void (now += ms),
    used: () => Object.fromEntries(lastUses([folder])),
  };
}

test('a use is written by the next sweep, to the minute, and kept over a restart', () => {
  const { note, sweep, pass, used, folder, file } = makeUse();
  note('a');
  expect(used()).toEqual({});
  sweep();
  expect(used()).toEqual({ a: 1_000_000 });
  const { mtimeNs } = statSync(file, { bigint: true });
  pass(59_999);
  note('a');
  sweep();
  expect(statSync(file, { bigint: true }).mtimeNs).toBe(mtimeNs);
  pass(1);
  note('a');
  sweep();
  expect(used()).toEqual({ a: 1_060_000 });
  const later = makeUse(folder);
  later.note('b');
  later.sweep();
  expect(used()).toEqual({ a: 1_060_000, b: 1_000_000 });
});

test('a thousand tokens are kept, those used last', () => {
  const { note, sweep, file } = makeUse();
  for (let number = 0; number < 1_025; number += 1) note(`t${number}`);
  sweep();
  const { used } = JSON.parse(readFileSync(file, 'utf8')) as { used: Record<string, number> };
  expect(Object.keys(used)).toHaveLength(1_024);
  expect(used).not.toHaveProperty('t0');
});

test('a folder that is gone and a file of rubbish are nothing to fail for', () => {
  const gone = makeUse(join(makeFolder(), 'gone'));
  gone.note('a');
  expect(() => gone.sweep()).not.toThrow();
  const folder = makeFolder();
  for (const rubbish of ['', '[]', '{"used":7}', '{"used":{"a":"b"}}', '{"used":null}']) {
    writeFileSync(join(folder, tokenUseFile), rubbish);
    expect(lastUses([folder]).size).toBe(0);
    const { note, sweep, used } = makeUse(folder);
    note('a');
    sweep();
    expect(used()).toEqual({ a: 1_000_000 });
  }
});

test('the latest use at any server counts', () => {
  const [one, two] = [makeUse(), makeUse()];
  two.pass(5_000);
  for (const { note, sweep } of [one, two]) {
    note('a');
    sweep();
  }
  expect(lastUses([two.folder, one.folder, '/nowhere']).get('a')).toBe(1_005_000);
});
