import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isAllowed, isRestricted, matches, patternOf } from '../../../src/policy/exposure.ts';

test.each([
  ['read_file', 'read_file', true],
  ['read_file', 'read_files', false],
  ['read_*', 'read_', true],
  ['*_file', 'read_file', true],
  ['*a*b', 'xaxbxb', true],
  ['*a*b', 'xbxa', false],
  ['ab*ba', 'aba', false],
  ['a**b', 'ab', true],
  ['*', '', true],
  ['', '', true],
  ['', 'x', false],
  ['a.c', 'abc', false],
  ['file:///docs/*', 'file:///docs/a/b?c', true],
])('%j matches %j: %s', (pattern, name, expected) => {
  expect(matches(pattern, name)).toBe(expected);
});

test('a pattern matches what a regular expression of it would', () => {
  const short = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  fc.assert(
    fc.property(short, short, (pattern, name) => {
      const source = pattern.replaceAll('*', '.*');
      expect(matches(pattern, name)).toBe(new RegExp(`^${source}$`, 's').test(name));
    }),
  );
});

test('a pattern made to be slow is not', () => {
  const before = performance.now();
  expect(matches(`${'a*'.repeat(500)}b`, 'a'.repeat(100_000))).toBe(false);
  expect(performance.now() - before).toBeLessThan(500);
});

test('deny wins over allow, and without allow everything else is let through', () => {
  const exposure = { allow: ['read_*'], deny: ['read_secret*'], most: null };
  const through = ['read_file', 'read_secrets', 'write_file'].filter((name) =>
    isAllowed(exposure, name),
  );
  expect(through).toEqual(['read_file']);
  expect(isAllowed({ ...exposure, allow: null }, 'write_file')).toBe(true);
  expect(isAllowed({ ...exposure, allow: [] }, 'read_file')).toBe(false);
});

test('an exposure that lets everything through restricts nothing', () => {
  expect(isRestricted({ allow: null, deny: [], most: null })).toBe(false);
  expect(isRestricted({ allow: null, deny: [], most: 0 })).toBe(true);
  expect(isRestricted({ allow: ['*'], deny: [], most: null })).toBe(true);
});

test('a URI template stands for all URIs that it can make', () => {
  expect(patternOf('db://{table}/row/{+id}')).toBe('db://*/row/*');
});
