import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takenUids } from '../../../src/host/accounts.ts';

function etcWith(files: Record<string, string>): string {
  const etc = mkdtempSync(join(tmpdir(), 'mcpd-test-'));
  onTestFinished(() => rmSync(etc, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(etc, name), text);
  return etc;
}

test('uids of accounts are taken, and the ranges that they may act as, as ranges', () => {
  const etc = etcWith({
    passwd: 'root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n',
    subuid: 'bob:100000:65536\n\nbroken:line\n',
  });
  expect(takenUids(etc)).toEqual([
    { first: 0, last: 0 },
    { first: 1000, last: 1000 },
    { first: 100_000, last: 165_535 },
  ]);
});

test('a host without such files has none', () => {
  expect(takenUids(etcWith({}))).toEqual([]);
});
