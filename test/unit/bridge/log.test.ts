import { expect, test } from 'vitest';
import { createCleaner } from '../../../src/bridge/log.ts';

test('secrets are masked, the longest first, and each line of one with several', () => {
  const clean = createCleaner(['secret-one', 'secret-one-more', 'first line\nsecond line', 'abc']);
  expect(clean('a secret-one-more b secret-one')).toBe('a *** b ***');
  expect(clean('says second line')).toBe('says ***');
  // Too short to mask: it would mask half the log.
  expect(clean('abc')).toBe('abc');
});

test('nothing that a terminal would act upon stays', () => {
  const clean = createCleaner([]);
  expect(clean('\u001b[31mred\u001b[0m \u001b]0;title\u0007 a\tb\r\u0000\u009b2J')).toBe(
    'red  a\tb',
  );
});
