import { expect, test } from 'vitest';
import { limitsWithin } from '../../../src/policy/limits.ts';

test.each<
  [cpus: number, cpuset: string | null, there: string, keptCpus: number, kept: string | null]
>([
  [1, null, '0-3', 1, null],
  [16, null, '0-3', 4, null],
  [2, '2-7', '0-3', 2, '2-3'],
  [2, '2-3', '0-3', 2, '2-3'],
  [2, '6', '0-3', 2, '0-3'],
  [8, '1', '1,4-5', 3, '1'],
])(
  'of %d processors, listed as %s, a machine with %s has %d and %s',
  (cpus, cpuset, there, ...kept) => {
    const limits = { memoryBytes: 1, pids: 2, cpus, cpuset };
    const [keptCpus, keptCpuset] = kept;
    expect(limitsWithin(limits, there)).toEqual({ ...limits, cpus: keptCpus, cpuset: keptCpuset });
  },
);
