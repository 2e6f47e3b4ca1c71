import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addCounters,
  bucketBounds,
  decodeUsage,
  decodeUsageSum,
  emptyCounters,
  encodeUsage,
  latencyBucket,
} from '../../../src/records/usage.ts';
import { anyUsage } from '../report/usage-lines.ts';

test('what is encoded is decoded again, whatever tools are called', () => {
  fc.assert(
    fc.property(anyUsage, (usage) => {
      const line = encodeUsage(usage);
      expect(line).not.toContain('\n');
      const decoded = decodeUsage(line);
      // Buckets that hold nothing are not written.
      expect(decoded && encodeUsage(decoded)).toBe(line);
      expect([...(decoded?.counters.keys() ?? [])]).toEqual([...usage.counters.keys()]);
    }),
  );
});

test('the beginning of a line, up to its first ], holds the sum of its counters', () => {
  fc.assert(
    fc.property(anyUsage, (usage) => {
      const line = encodeUsage(usage);
      const sum = emptyCounters();
      for (const one of usage.counters.values()) addCounters(sum, one);
      const beginning = decodeUsageSum(line.slice(0, line.indexOf(']')));
      expect(beginning?.sum).toEqual(sum);
      expect(beginning?.hour).toBe(usage.hour);
    }),
  );
});

test.each([
  '',
  '[1,2',
  'null',
  '5',
  '{}',
  '[1,2,3,4,5]',
  '["1",2,3,4,5,[]]',
  '[1,2,3,4,5,[],7]',
  '[1,2,3,4,5,[],["a","b"]]',
  '[1,2,3,4,5,[],[null]]',
])('a line that no bridge wrote is none: %s', (line) => {
  expect(decodeUsage(line)).toBeUndefined();
});

test('a duration lies between the bounds of its bucket', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
      const [from, below] = bucketBounds(latencyBucket(ms));
      expect(ms).toBeGreaterThanOrEqual(from);
      expect(ms).toBeLessThan(below);
    }),
  );
});
