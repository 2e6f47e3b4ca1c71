import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, takeFrom } from '../../../src/policy/bucket.ts';

const rate = fc.record({
  perMinute: fc.integer({ min: 1, max: 6000 }),
  burst: fc.integer({ min: 1, max: 50 }),
});

test('in any stretch of time no more goes through than the burst and what flows in meanwhile', () => {
  const steps = fc.array(
    fc.record({ afterMs: fc.nat(3000), count: fc.integer({ min: 1, max: 5 }) }),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(rate, steps, ({ perMinute, burst }, taken) => {
      let [now, fullAt] = [1_700_000_000_000, 0];
      const passed: { at: number; count: number }[] = [];
      for (const { afterMs, count } of taken) {
        now += afterMs;
        const result = takeFrom(fullAt, { perMinute, burst }, { count, now });
        ({ fullAt } = result);
        if (result.waitMs > 0) continue;
        passed.push({ at: now, count });
      }
      for (const [index, first] of passed.entries()) {
        let sum = 0;
        for (const { at, count } of passed.slice(index)) {
          sum += count;
          const flowed = ((at - first.at) * perMinute) / 60_000;
          expect(sum).toBeLessThanOrEqual(burst + flowed + 0.02);
        }
      }
    }),
  );
});

test('who waits as long as they are told gets through, and not a moment earlier', () => {
  fc.assert(
    fc.property(rate, fc.nat(100_000), (one, offset) => {
      const now = 1_700_000_000_000 + offset;
      let fullAt = 0;
      for (let count = 0; count < one.burst; count += 1) {
        const taken = takeFrom(fullAt, one, { count: 1, now });
        expect(taken.waitMs).toBe(0);
        ({ fullAt } = taken);
      }
      const refused = takeFrom(fullAt, one, { count: 1, now });
      expect(refused).toEqual({ fullAt, waitMs: expect.any(Number) as number });
      const later = (ms: number) => takeFrom(fullAt, one, { count: 1, now: now + ms });
      expect(later(refused.waitMs).waitMs).toBe(0);
      expect(later(refused.waitMs - 1).waitMs).toBeGreaterThan(0);
    }),
  );
});

test('600 a minute let 600 and the burst through in a minute of asking all the time', () => {
  let [fullAt, passed] = [0, 0];
  for (let now = 0; now < 60_000; now += 7) {
    const taken = takeFrom(fullAt, { perMinute: 600, burst: 10 }, { count: 1, now });
    ({ fullAt } = taken);
    if (taken.waitMs > 0) continue;
    passed += 1;
  }
  expect(passed).toBeGreaterThanOrEqual(608);
  expect(passed).toBeLessThanOrEqual(610);
});

test('a clock that is set back locks nobody out for longer than it takes to fill the bucket', () => {
  const one = { perMinute: 60, burst: 5 };
  const { fullAt, waitMs } = takeFrom(1e12, one, { count: 1, now: 1000 });
  expect(waitMs).toBe(1000);
  expect(takeFrom(fullAt, one, { count: 1, now: 1000 + waitMs })).toMatchObject({ waitMs: 0 });
});

test('more at once than the bucket holds never fits', () => {
  const { waitMs } = takeFrom(0, { perMinute: 60, burst: 5 }, { count: 6, now: 1e12 });
  expect(waitMs).toBeGreaterThan(0);
});

test('a batch is a tenth of a second, and never more than the burst', () => {
  expect([600, 60, 6000, 60_000].map((perMinute) => batchOf({ perMinute, burst: 20 }))).toEqual([
    1, 1, 10, 20,
  ]);
});
