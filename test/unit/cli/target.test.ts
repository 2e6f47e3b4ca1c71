import { describe, expect, test } from 'vitest';
import { serverTargetText, targetText } from '../../../src/cli/target.ts';
import { nameText } from '../../../src/name.ts';

describe('a target', () => {
  test('is a user', () => {
    expect(targetText.parse('bob')).toEqual({ user: 'bob', server: undefined });
  });

  test('or one server of a user', () => {
    expect(targetText.parse('bob/github')).toEqual({ user: 'bob', server: 'github' });
  });

  test.each(['', '/', 'bob/', '/github', 'bob/github/x', 'Bob', 'bob/Git', '../bob', '1bob'])(
    'is not "%s"',
    (text) => expect(targetText.safeParse(text).success).toBe(false),
  );
});

test('where a server is needed, a user is refused with an example', () => {
  expect(serverTargetText.safeParse('bob').error?.issues[0]?.message).toContain('bob/filesystem');
});

test('a name has at most 31 characters', () => {
  expect(nameText.safeParse('a'.repeat(31)).success).toBe(true);
  expect(nameText.safeParse('a'.repeat(32)).success).toBe(false);
});
