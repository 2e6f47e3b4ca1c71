import { expect, test } from 'vitest';
import { limitsWithin } from '../../../src/policy/limits.ts';

const limits = { memoryBytes: 1, pids: 2, cpus: 1, cpuset: null };

test.each<[cpuset: string | null, maximum: string | null, kept: string | null]>([
  [null, null, null],
  ['2-7', null, '2-3'],
  ['2-3', null, '2-3'],
  ['6', null, '0-3'],
  ['6', '2-9', '2-3'],
  ['6', '8-9', '0-3'],
])('a machine with 0-3 has of %s, at most %s, the processors %s', (cpuset, maximum, kept) => {
  const machine = { processors: '0-3', maximum };
  expect(limitsWithin({ ...limits, cpuset }, machine)).toEqual({ ...limits, cpuset: kept });
});

test.each([
  [2, '0-3', 2],
  [16, '0-3', 4],
  [8, '1,4-5', 3],
])('%d processors are no more than there are in %s: %d', (cpus, processors, kept) => {
  expect(limitsWithin({ ...limits, cpus }, { processors, maximum: null }).cpus).toBe(kept);
});
