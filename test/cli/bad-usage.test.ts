import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { words } from '../support/lines.ts';
import { refusal } from '../support/refusal.ts';
import { Tenancy } from '../support/tenancy.ts';
import { impossible } from './impossible.ts';

// What is wrong by itself is said without an engine, and before anything is written.
let tenancy: Tenancy;

beforeEach(async () => {
  tenancy = await Tenancy.open({}, { env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });
});

afterEach(() => tenancy[Symbol.asyncDispose]());

describe('a command that cannot be', () => {
  it.each(impossible)('%s', async (command, { code, says, exit = 2 }) => {
    const { exits, document, human } = await refusal(tenancy, words(command));
    expect(exits).toEqual([exit, exit]);
    // Of a document there is more: where it is wrong.
    expect(document).toEqual({
      error: expect.objectContaining({
        code,
        message: expect.stringMatching(says) as string,
        suggestions: expect.arrayContaining([expect.any(String)]) as string[],
      }) as object,
    });
    expect(human.stdout).toBe('');
    for (const text of [document.error?.message, ...(document.error?.suggestions ?? [])]) {
      expect(human.stderr).toContain(text);
    }
    expect(await readdir(tenancy.home)).toEqual(['config.json']);
  });
});

describe('a value on the command line', () => {
  const value = 'hunter2';
  it.each([
    [`user add bob --secret KEY=${value}`, 'USAGE'],
    [`user add bob --secret ${value}`, 'USAGE'],
    [`secret set bob KEY ${value}`, 'SECRET_ON_COMMAND_LINE'],
    [`secret set bob KEY=${value}`, 'SECRET_ON_COMMAND_LINE'],
    [`secret remove bob KEY=${value} --yes`, 'SECRET_ON_COMMAND_LINE'],
    [`connect bob --client cursor --token ${value}`, 'TOKEN_ON_COMMAND_LINE'],
    [`secret set bob KEY --value=${value}`, 'USAGE'],
    [`user add bob --token=${value}`, 'USAGE'],
  ])('is refused and never repeated: %s', async (command, code) => {
    const { exits, document, output } = await refusal(tenancy, words(command));
    expect(exits).toEqual([2, 2]);
    expect(document.error).toMatchObject({ code });
    expect(document.error?.suggestions).not.toEqual([]);
    expect(output).not.toContain(value);
    expect(await readdir(tenancy.home)).toEqual(['config.json']);
  });
});

describe('parts of a value on the command line', () => {
  const value = ['hunter2', 'horse', 'battery'] as const;
  const together = value.join(' ');
  it.each<readonly [string[], string]>([
    [['secret', 'set', 'bob', 'KEY', ...value], 'SECRET_ON_COMMAND_LINE'],
    [['user', 'add', 'carol', `--secrt=KEY=${together}`], 'USAGE'],
    [['user', 'add', 'carol', `--secrt=${together}`], 'USAGE'],
    [['connect', 'bob', '--new-token', '--token', together], 'USAGE'],
    [[`--secret=${together}`], 'USAGE'],
  ])('are refused and never repeated: %j', async (command, code) => {
    const { exits, document, output } = await refusal(tenancy, command);
    expect(exits).toEqual([2, 2]);
    expect(document.error).toMatchObject({ code });
    expect(value.filter((part) => output.includes(part))).toEqual([]);
    expect(await readdir(tenancy.home)).toEqual(['config.json']);
  });
});

describe('a secret’s file', () => {
  it.each([
    ['user add bob --secret KEY=@/nowhere/file', 'FILE_UNREADABLE', '/nowhere/file'],
    ['user add bob --secret key=@/dev/null', 'USAGE', 'NAME=@FILE'],
    ['user add bob --secret KEY=@/dev/null --secret KEY=@/dev/null', 'USAGE', 'twice'],
    ['secret set bob key', 'SECRET_NAME_INVALID', 'key'],
  ])('that cannot be is refused: %s', async (command, code, says) => {
    const { exits, document } = await refusal(tenancy, words(command));
    expect(exits).toEqual([2, 2]);
    expect(document.error).toMatchObject({
      code,
      message: expect.stringContaining(says) as string,
    });
    expect(document.error?.suggestions).not.toEqual([]);
    expect(await readdir(tenancy.home)).toEqual(['config.json']);
  });
});

const manifest = join(import.meta.dirname, '../../oclif.manifest.json');
const { commands } = JSON.parse(await readFile(manifest, 'utf8')) as {
  commands: Record<string, { hidden?: boolean }>;
};

describe('every command', () => {
  const names = Object.keys(commands).filter((name) => !commands[name]?.hidden);

  it.each(names.map((name) => name.replaceAll(':', ' ')))(
    '%s refuses a flag it does not have',
    async (name) => {
      const { exits, document } = await refusal(tenancy, [...name.split(' '), '--no-such-flag']);
      expect(exits).toEqual([2, 2]);
      expect(document.error).toMatchObject({
        code: 'USAGE',
        suggestions: expect.arrayContaining([`mcpd ${name} --help`]) as string[],
      });
      expect(await readdir(tenancy.home)).toEqual(['config.json']);
    },
  );
});

describe('a settings file that is not valid', () => {
  it.each([
    ['no JSON', '{', 'JSON'],
    ['not an object', '[]', 'object'],
    ['an unknown setting', '{"memory":"1g"}', 'memory'],
    ['a bad value', '{"limits":{"memory":"lots"}}', 'limits.memory'],
  ])('is refused with what is wrong with it, and kept: %s', async (_what, text, says) => {
    await using broken = await Tenancy.open(text);
    for (const command of ['user list', 'user add bob', 'config set limits.pids 99']) {
      const { exits, document } = await refusal(broken, words(command));
      expect(exits).toEqual([2, 2]);
      expect(document.error).toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(says) as string,
      });
    }
    expect(await readFile(join(broken.home, 'config.json'), 'utf8')).toBe(text);
  });
});
