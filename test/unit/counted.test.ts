import { expect, test } from 'vitest';
import { counted } from '../../src/counted.ts';

test.each([
  [0, '0 users'],
  [1, '1 user'],
  [2, '2 users'],
])('%d is told as %s', (count, text) => {
  expect(counted(count, 'user')).toBe(text);
});

test('a number may be written in another way', () => {
  expect(counted(1234, 'call', '1,234')).toBe('1,234 calls');
});
