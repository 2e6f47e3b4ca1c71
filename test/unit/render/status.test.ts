import { expect, test } from 'vitest';
import { formatUptime } from '../../../src/render/status.ts';

test.each([
  [null, ''],
  [0, '0s'],
  [59, '59s'],
  [60, '1m'],
  [3_600, '1h'],
  [18_180, '5h 3m'],
  [86_400 * 9 + 3_600 * 4 + 60, '9d 4h'],
  [86_400 + 60, '1d'],
])('%s seconds read %s', (seconds, text) => {
  expect(formatUptime(seconds)).toBe(text);
});
