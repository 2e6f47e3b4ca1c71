import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fullness } from '../../../src/bridge/fullness.ts';

function cgroup(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'cgroup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), `${text}\n`);
  }
  return folder;
}

const memory = 'anon 50\nfile 900\nanon_thp 7';

test.each([
  [
    'version 2',
    { 'memory.stat': memory, 'memory.max': '100', 'pids.current': '9', 'pids.max': '10' },
    0.9,
  ],
  [
    'version 1',
    { 'memory/memory.stat': 'rss 1\ntotal_rss 50', 'memory/memory.limit_in_bytes': '100' },
    0.5,
  ],
  [
    'without caps',
    { 'memory.stat': memory, 'memory.max': 'max', 'pids.current': '9', 'pids.max': 'max' },
    0,
  ],
  ['without counters', {}, 0],
])('a cgroup of %s', (_what, files, share) => {
  expect(fullness(cgroup(files))).toBe(share);
});
