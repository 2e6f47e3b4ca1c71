import * as fc from 'fast-check';
import { emptyCounters, latencyBucket } from '../../../src/records/usage.ts';
import type { Counters, UsageHour } from '../../../src/records/usage.ts';

/** What one tool or method did; by the durations of its calls. */
export function countersOf(durations: readonly number[], more: Partial<Counters> = {}): Counters {
  const counters = { ...emptyCounters(), ...more, calls: durations.length };
  for (const ms of durations) {
    const bucket = latencyBucket(ms);
    counters.latency[bucket] = (counters.latency[bucket] ?? 0) + 1;
  }
  return counters;
}

export function usageOf(hour: number, counters: Readonly<Record<string, Counters>>): UsageHour {
  const resources = { cpuSeconds: 1.5, memoryPeakBytes: 2 ** 20, oomKills: 1, restarts: 2 };
  return { hour, counters: new Map(Object.entries(counters)), ...resources };
}

const count = fc.integer({ min: 0, max: 1000 });
const counters = fc
  .record({
    durations: fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 20 }),
    more: fc.record({ errors: count, refusals: count, bytesIn: count, bytesOut: count }),
  })
  .map(({ durations, more }) => countersOf(durations, more));

/** Any hour of a server, in the first three days of the epoch. */
export const anyUsage: fc.Arbitrary<UsageHour> = fc.record({
  hour: fc.integer({ min: 0, max: 71 }),
  counters: fc
    .array(fc.tuple(fc.string({ unit: 'binary' }), counters), { maxLength: 5 })
    .map((entries) => new Map(entries)),
  cpuSeconds: fc.integer({ min: 0, max: 3_600_000 }).map((ms) => ms / 1000),
  memoryPeakBytes: fc.nat(),
  oomKills: count,
  restarts: count,
});
