import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Desk } from './desk.ts';

interface Failure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly suggestions: readonly string[];
  };
}

let desk: Desk;
let other: string;
beforeEach(() => {
  desk = new Desk();
  desk.addUsers('bob');
  other = join(desk.folder, 'other');
});
afterEach(() => desk[Symbol.dispose]());

const move = async (name: string, ...flags: readonly string[]) =>
  (await desk.json<Failure>(['user', 'move', name, ...flags])).error;

test('a move is asked about, and one that can’t be makes no home', async () => {
  const unsure = await move('bob', '--home', other);
  expect(unsure).toMatchObject({ code: 'CONFIRMATION_NEEDED' });
  expect(unsure.message).toContain(`${other}, a new home`);
  expect(await move('carol', '--home', other, '--yes')).toMatchObject({ code: 'USER_NOT_FOUND' });
  expect(existsSync(other)).toBe(false);
});

test('nobody moves to the home they are in', async () => {
  const { code, suggestions } = await move('bob', '--home', 'mcpd', '--yes');
  expect(code).toBe('SAME_HOME');
  expect(suggestions[1]).toBe('mcpd user rename bob NEWNAME');
});

test('of a user who is there already it is said where', async () => {
  const here = desk.env['MCPD_HOME'];
  desk.env['MCPD_HOME'] = other;
  desk.addUsers('alice');
  desk.env['MCPD_HOME'] = here;
  const { code, suggestions } = await move('alice', '--home', other, '--yes');
  expect(code).toBe('USER_NOT_FOUND');
  expect(suggestions).toEqual([`MCPD_HOME=${other} mcpd user show alice`]);
});

test('without an engine nobody is moved, and nothing is changed', async () => {
  const { code } = await move('bob', '--home', other, '--yes');
  expect(code).toBe('ENGINE_UNREACHABLE');
  const { users } = await desk.json<{ users: object[] }>(['user', 'list']);
  expect(users).toMatchObject([{ name: 'bob', down: false }]);
});
