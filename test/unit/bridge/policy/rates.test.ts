import { expect, test } from 'vitest';
import { createRates } from '../../../../src/bridge/policy/rates.ts';
import type { SharedBucket } from '../../../../src/bridge/policy/shared-bucket.ts';
import { openPolicy, type Rate } from '../../../../src/policy/bridge-policy.ts';
import { takeFrom } from '../../../../src/policy/bucket.ts';

/** Counts how often it is asked. */
function memoryBucket(): SharedBucket & { asked: number } {
  let fullAt = 0;
  const bucket = {
    asked: 0,
    take: (rate: Rate, taking: { count: number; now: number }) => {
      bucket.asked += 1;
      const taken = takeFrom(fullAt, rate, taking);
      ({ fullAt } = taken);
      return taken.waitMs;
    },
  };
  return bucket;
}

const now = 1e12;
const one = { count: 1, now };

test('where there is no rate nothing is counted', () => {
  const bucket = memoryBucket();
  expect(createRates(bucket).take(openPolicy, one)).toBe(0);
  expect(bucket.asked).toBe(0);
});

test('a high rate is taken in batches, and all of it can be used', () => {
  const bucket = memoryBucket();
  const rates = createRates(bucket);
  const policy = { ...openPolicy, userRate: { perMinute: 6000, burst: 25 } };
  const waits = Array.from({ length: 26 }, () => rates.take(policy, one));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(25);
  expect(bucket.asked).toBeLessThan(15);
});

test('what was taken ahead is not spent later', () => {
  const rates = createRates(memoryBucket());
  const policy = { ...openPolicy, userRate: { perMinute: 6000, burst: 10 } };
  expect(rates.take(policy, one)).toBe(0);
  const later = Array.from({ length: 12 }, () => rates.take(policy, { count: 1, now: now + 5000 }));
  expect(later.filter((wait) => wait === 0)).toHaveLength(10);
});

test('what the user’s rate refuses is not taken from the server’s', () => {
  const rates = createRates(memoryBucket());
  const serverRate = { perMinute: 60, burst: 2 };
  const userRate = { perMinute: 60, burst: 1 };
  expect(rates.take({ ...openPolicy, serverRate, userRate }, one)).toBe(0);
  expect(rates.take({ ...openPolicy, serverRate, userRate }, one)).toBe(1000);
  expect(rates.take({ ...openPolicy, serverRate }, one)).toBe(0);
  expect(rates.take({ ...openPolicy, serverRate }, one)).toBe(1000);
});

test('a server’s rate that is raised holds at once, whatever the lower one left to wait', () => {
  const rates = createRates(undefined);
  const slow = { ...openPolicy, serverRate: { perMinute: 1, burst: 5 } };
  const waits = Array.from({ length: 6 }, () => rates.take(slow, one));
  expect(waits).toEqual([0, 0, 0, 0, 0, 60_000]);
  const fast = { ...openPolicy, serverRate: { perMinute: 600, burst: 5 } };
  expect(rates.take(fast, one)).toBe(100);
  expect(rates.take(fast, { count: 1, now: now + 100 })).toBe(0);
});

test('a user’s rate that can’t be counted lets nothing through', () => {
  const policy = { ...openPolicy, userRate: { perMinute: 60, burst: 10 } };
  expect(createRates(undefined).take(policy, one)).toBeUndefined();
});
