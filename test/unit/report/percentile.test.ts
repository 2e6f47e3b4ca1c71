import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketBounds, latencyBucket } from '../../../src/records/usage.ts';
import { percentileMs } from '../../../src/report/percentile.ts';
import { countersOf } from './usage-lines.ts';

const durations = fc.array(fc.double({ min: 0, max: 2 ** 21, noNaN: true }), { minLength: 1 });

test.each([0.5, 0.95, 0.99])('percentile %f lies in the bucket of the true one', (share) => {
  fc.assert(
    fc.property(durations, (values) => {
      const rank = Math.ceil(Number((share * values.length).toFixed(6)));
      const exact = values.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN;
      const estimate = percentileMs(countersOf(values).latency, share) ?? Number.NaN;
      const [from, below] = bucketBounds(latencyBucket(exact));
      expect(estimate).toBeGreaterThanOrEqual(from);
      expect(estimate).toBeLessThanOrEqual(below);
    }),
  );
});

test('percentiles of the same calls never decrease', () => {
  fc.assert(
    fc.property(durations, (values) => {
      const { latency } = countersOf(values);
      const estimates = [0.5, 0.95, 0.99].map((share) => percentileMs(latency, share) ?? -1);
      expect(estimates).toEqual(estimates.toSorted((a, b) => a - b));
    }),
  );
});

test('within a bucket calls are taken to be spread evenly', () => {
  expect(percentileMs([0, 0, 0, 4], 0.5)).toBe(6);
  expect(percentileMs([0, 0, 0, 4], 1)).toBe(8);
});

test('without calls there is none', () => {
  expect(percentileMs([], 0.5)).toBeNull();
  expect(percentileMs([0, 0], 0.5)).toBeNull();
});
