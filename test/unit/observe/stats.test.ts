import { expect, test } from 'vitest';
import { thisHour } from '../../../src/observe/stats.ts';
import { encodeUsage } from '../../../src/records/usage.ts';
import { countersOf, usageOf } from '../report/usage-lines.ts';

const hourMs = 3_600_000;
const line = encodeUsage(
  usageOf(10, {
    'tools/call:read': countersOf([1, 2, 3], { errors: 1 }),
    'tools/list': countersOf([1], { refusals: 1 }),
  }),
);
const at = (minutes: number) => ({ now: () => 10 * hourMs + minutes * 60_000 });

test('calls of this hour are counted, and averaged over the minutes since it began', () => {
  expect(thisHour(line, at(20))).toEqual({
    calls: 4,
    errors: 1,
    refusals: 1,
    callsPerMinute: 0.2,
  });
});

test('in its first minute an hour is taken to be a minute old', () => {
  expect(thisHour(line, at(0.1)).callsPerMinute).toBe(4);
});

test.each([
  ['an earlier hour', line, 60],
  ['no record', undefined, 5],
  ['half a record', line.slice(0, 9), 5],
])('of %s nothing is counted', (_, text, minutes) => {
  expect(thisHour(text, at(minutes))).toMatchObject({ calls: 0, callsPerMinute: 0 });
});
