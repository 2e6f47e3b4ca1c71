import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { countThrottles, hasSeveralProcessors } from '../../../src/bridge/throttling.ts';

test('stops for a cap are counted in either version of cgroups, and as none without', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cgroup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(countThrottles(folder)).toBe(0);
  mkdirSync(join(folder, 'cpu,cpuacct'));
  const old = join(folder, 'cpu,cpuacct', 'cpu.stat');
  writeFileSync(old, 'nr_periods 9\nnr_throttled 2\nthrottled_time 71\n');
  expect(countThrottles(folder)).toBe(2);
  const stat = 'usage_usec 7\nnr_periods 9\nnr_throttled 3\nthrottled_usec 8\n';
  writeFileSync(join(folder, 'cpu.stat'), stat);
  expect(countThrottles(folder)).toBe(3);
});

test.each([
  ['0', false],
  ['13', false],
  ['0-1', true],
  ['0,4', true],
  ['2-3,8', true],
])('a process that may run on the processors %s may run on several: %s', (list, several) => {
  const status = `Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`;
  expect(hasSeveralProcessors(status)).toBe(several);
});
