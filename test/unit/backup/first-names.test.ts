import { expect, test } from 'vitest';
import { FirstNames } from '../../../src/backup/first-names.ts';

const file = { ino: 7, nlink: 2, birthtimeMs: 100.25 };

test('a file of two names is met once, and then known by its first', () => {
  const names = new FirstNames();
  expect(names.of(file, 'w/a')).toBeUndefined();
  expect(names.of(file, 'w/b')).toBe('w/a');
});

test.each([
  ['has one name', { ...file, nlink: 1 }],
  ['was made later', { ...file, birthtimeMs: 100.5 }],
])('one that got the number of a file that went meanwhile, and %s, is another', (_how, next) => {
  const names = new FirstNames();
  names.of(file, 'w/a');
  expect(names.of(next, 'w/b')).toBeUndefined();
});
