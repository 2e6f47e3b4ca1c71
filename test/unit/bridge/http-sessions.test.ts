import { expect, test } from 'vitest';
import { trackHttpSessions } from '../../../src/bridge/http-sessions.ts';

test('an id stays with the first subject that was given it', () => {
  const sessions = trackHttpSessions();
  sessions.bind('one', 'bob');
  sessions.bind('one', 'alice');
  expect([sessions.isOf('one', 'bob'), sessions.isOf('one', 'alice')]).toEqual([true, false]);
  expect(sessions.isOf('toString', 'bob')).toBe(false);
  sessions.forget('one');
  expect(sessions.isOf('one', 'bob')).toBe(false);
});

test('beyond the bound the session that was used longest ago is forgotten', () => {
  const sessions = trackHttpSessions(2);
  sessions.bind('one', 'bob');
  sessions.bind('two', 'bob');
  expect(sessions.isOf('one', 'bob')).toBe(true);
  sessions.bind('three', 'bob');
  expect(['one', 'two', 'three'].map((id) => sessions.isOf(id, 'bob'))).toEqual([
    true,
    false,
    true,
  ]);
});
