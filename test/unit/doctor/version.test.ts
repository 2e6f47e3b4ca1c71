import { expect, test } from 'vitest';
import { isAtLeast } from '../../../src/doctor/version.ts';

test.each([
  ['1.2.8', '1.2.8', true],
  ['1.2.10', '1.2.8', true],
  ['1.2.7', '1.2.8', false],
  ['1.41', '1.41', true],
  ['1.5', '1.41', false],
  ['28.3.3', '28.3.3', true],
  ['20.10.24+dfsg1', '28.3.3', false],
  ['v1.3.3-0-gd842d771', '1.3.3', true],
  ['1.4.0-rc.1', '1.4.0', false],
])('%s is at least %s: %s', (have, want, answer) => {
  expect(isAtLeast(have, want)).toBe(answer);
});
