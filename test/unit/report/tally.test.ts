import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeUsageSum, encodeUsage, type UsageHour } from '../../../src/records/usage.ts';
import { rowsOf, timeRows } from '../../../src/report/rows.ts';
import { Tally } from '../../../src/report/tally.ts';
import { anyUsage, countersOf, usageOf } from './usage-lines.ts';

type Entry = readonly [key: string, usage: UsageHour];

const entries = fc.array(
  fc.tuple(fc.constantFrom('bob/files', 'bob/notes', 'al/files'), anyUsage),
  { maxLength: 20 },
);

function tallyOf(all: readonly Entry[]): Tally {
  const tally = new Tally();
  for (const [key, usage] of all) {
    const line = encodeUsage(usage);
    const sum = decodeUsageSum(line.slice(0, line.indexOf(']')));
    if (sum) tally.add(key, sum);
    tally.addTools(usage);
  }
  return tally;
}

const everyBy = ['tool', 'server', 'user', 'day', 'hour'] as const;

describe('a report', () => {
  test.each(everyBy)('by %s has rows that add up to the sum of what was recorded', (by) => {
    fc.assert(
      fc.property(entries, (all) => {
        const rows = rowsOf(tallyOf(all), { by });
        const counters = all.flatMap(([, usage]) => [...usage.counters.values()]);
        for (const figure of ['calls', 'errors', 'refusals', 'bytesIn', 'bytesOut'] as const) {
          expect(added(rows.map((row) => row[figure]))).toBe(
            added(counters.map((one) => one[figure])),
          );
        }
        if (by === 'tool') return;
        const restarts = rows.map(({ resources }) => resources?.restarts ?? 0);
        expect(added(restarts)).toBe(added(all.map(([, usage]) => usage.restarts)));
      }),
    );
  });

  test.each(everyBy)('by %s is the same in whatever order hours come', (by) => {
    fc.assert(
      fc.property(entries, (all) => {
        const [one, other] = [tallyOf(all), tallyOf(all.toReversed())];
        const wanted = { by, sort: 'calls' } as const;
        expect(rowsOf(other, wanted)).toEqual(rowsOf(one, wanted));
      }),
    );
  });

  const busy = usageOf(25, { 'tools/call:read': countersOf([3, 5, 1000], { errors: 2 }) });
  const quiet = usageOf(2, { 'tools/call:read': countersOf([1]), 'tools/list': countersOf([2]) });
  const tally = tallyOf([
    ['al/files', quiet],
    ['bob/files', busy],
  ]);
  const namesBy = (by: (typeof everyBy)[number], sort: 'calls' | 'latency' | undefined) =>
    rowsOf(tally, { by, sort }).map(({ name }) => name);

  test('ranks what it is asked to rank by, and time in its own order', () => {
    expect(namesBy('user', 'calls')).toEqual(['bob', 'al']);
    expect(namesBy('tool', 'latency')).toEqual(['tools/call:read', 'tools/list']);
    expect(namesBy('hour', undefined)).toEqual(['1970-01-01T02:00Z', '1970-01-02T01:00Z']);
    expect(namesBy('day', 'calls')).toEqual(['1970-01-02', '1970-01-01']);
  });

  test('has a step for every hour, and for every day of a longer time, whether or not anything happened', () => {
    const hours = timeRows(tally, { from: 0, until: 30 });
    expect(hours.step).toBe('hour');
    expect(hours.times.map(({ calls }) => calls)).toEqual(
      Array.from({ length: 30 }, (_, hour) => (hour === 2 ? 2 : hour === 25 ? 3 : 0)),
    );
    const days = timeRows(tally, { from: 2, until: 24 * 10 });
    expect(days.times.map(({ calls }) => calls)).toEqual([2, 3, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('in days has no steps before the records begin', () => {
    const { times } = timeRows(tally, { from: -24 * 3650, until: 48 });
    expect(times.map(({ name }) => name)).toEqual(['1970-01-01', '1970-01-02']);
  });

  test('takes the highest memory of all hours, and adds up everything else', () => {
    const [total] = rowsOf(
      tallyOf([
        ['bob/files', { ...busy, memoryPeakBytes: 5 }],
        ['bob/files', { ...quiet, memoryPeakBytes: 9 }],
      ]),
      { by: 'server' },
    );
    expect(total?.resources).toEqual({
      cpuSeconds: 3,
      memoryPeakBytes: 9,
      oomKills: 2,
      restarts: 4,
    });
  });
});

function added(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
