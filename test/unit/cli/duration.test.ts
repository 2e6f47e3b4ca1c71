import { expect, test } from 'vitest';
import { durationText } from '../../../src/cli/duration.ts';

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['2m', 120_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
])('%s is a duration', (text, milliseconds) => {
  expect(durationText.parse(text)).toBe(milliseconds);
});

test.each(['', '5', '0s', '-1s', '5x', '1h 30m', 's', '1m-', '99999999999999999d'])(
  '"%s" is refused with examples of what to write',
  (text) => {
    const { error } = durationText.safeParse(text);
    expect(error?.issues[0]?.message).toContain('write e.g. 30s, 2m');
  },
);
