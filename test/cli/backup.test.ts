import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Desk, ended } from './desk.ts';

interface Failure {
  readonly error: { readonly code: string; readonly suggestions: readonly string[] };
}

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
  desk.addUsers('bob', 'alice');
});
afterEach(() => desk[Symbol.dispose]());

async function makeKey(): Promise<string> {
  const made = await desk.json<{ recipient: string }>(['backup', 'keygen', 'backup.key']);
  return made.recipient;
}

test('a backup needs no engine, is the owner’s alone, and replaces nothing unless told to', async () => {
  const recipient = await makeKey();
  const args = ['backup', 'home.age', '--recipient', recipient];
  expect((await desk.run(args)).stdout).toContain('of the whole home');
  const file = join(desk.folder, 'home.age');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(desk.folder, 'backup.key')).mode & 0o777).toBe(0o600);
  const before = readFileSync(file);
  expect(await desk.json(args)).toMatchObject({ error: { code: 'FILE_EXISTS' } });
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(await desk.json([...args, '--force', '-u', 'bob'])).toMatchObject({
    whole: false,
    users: [{ user: 'bob' }],
  });
  expect(readdirSync(desk.folder).toSorted()).toEqual(['backup.key', 'home.age', 'mcpd']);
});

test('a backup that nobody could open is refused, with what to do', async () => {
  const { error } = await desk.json<Failure>(['backup', 'home.age']);
  expect(error.code).toBe('BACKUP_LOCK_MISSING');
  expect(error.suggestions[0]).toContain('mcpd backup keygen');
  const short = await desk.json<Failure>(['backup', 'x', '--passphrase-file', '-'], 'short\n');
  expect(short.error.code).toBe('PASSPHRASE_SHORT');
  expect(readdirSync(desk.folder)).toEqual(['mcpd']);
});

test('a private key given as a recipient is not repeated', async () => {
  await makeKey();
  const [identity = ''] = /AGE-SECRET-KEY-\S+/.exec(
    readFileSync(join(desk.folder, 'backup.key'), 'utf8'),
  ) as RegExpExecArray;
  const { code, stdout, stderr } = await desk.run(['backup', 'home.age', '-r', identity]);
  expect(code).toBe(2);
  expect(stdout + stderr).not.toContain(identity.slice(20));
});

test('to stdout goes the backup and nothing else', async () => {
  const recipient = await makeKey();
  const command = `"$0" "$@" backup - -r ${recipient} > piped.age`;
  const { code, stderr } = await ended(desk.shell(command));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const piped = readFileSync(join(desk.folder, 'piped.age'));
  expect(piped.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n/);
  expect(await desk.json(['backup', '-', '-r', recipient])).toMatchObject({
    error: { code: 'USAGE' },
  });
});

test('what is no backup, or is opened with what is no key, says so and makes no home', async () => {
  writeFileSync(join(desk.folder, 'letter'), 'Dear all');
  await makeKey();
  desk.env['MCPD_HOME'] = join(desk.folder, 'fresh');
  const run = (args: readonly string[]) => desk.json<Failure>(['restore', ...args]);
  expect((await run(['letter', '-i', 'backup.key'])).error.code).toBe('BACKUP_KEY_WRONG');
  expect((await run(['letter', '-i', 'letter'])).error.code).toBe('IDENTITY_INVALID');
  expect((await run(['letter'])).error.code).toBe('BACKUP_KEY_MISSING');
  expect((await run(['missing', '-i', 'backup.key'])).error.code).toBe('FILE_UNREADABLE');
  expect(readdirSync(desk.folder)).not.toContain('fresh');
});
