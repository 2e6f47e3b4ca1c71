import { CLIError } from '@oclif/core/errors';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { describeProblem } from '../../../src/cli/problem.ts';
import { ConflictError, UsageError } from '../../../src/errors.ts';

const commands = ['apply', 'user add', 'user list', 'user remove', 'status', 'stop', 'up', 'gc'];

function describeFor(error: unknown, ...argv: string[]) {
  return describeProblem(error, { argv, commands });
}

test('an error of ours is told as it is', () => {
  const error = new ConflictError('Port 1 is taken.', { code: 'PORT_TAKEN', suggestions: ['x'] });
  expect(describeFor(error)).toEqual({
    code: 'PORT_TAKEN',
    message: 'Port 1 is taken.',
    suggestions: ['x'],
    exitCode: 4,
  });
});

test("the frame that oclif puts around a flag's error is taken off", () => {
  const error = new UsageError('', { code: 'USAGE' });
  error.message = 'Parsing --memory \n\t--memory: no.\nSee more help with --help';
  expect(describeFor(error).message).toBe('--memory: no.');
});

test('what the parser says of a value names its flag', () => {
  const message =
    'Parsing --parallel \n\tExpected an integer but received: x\nSee more help with --help';
  expect(describeFor(new CLIError(message), 'up').message).toBe(
    '--parallel: expected an integer but received: x.',
  );
});

describe('a command that is not there', () => {
  test('is named as it was typed, with what may have been meant', () => {
    const problem = describeFor(new CLIError('command user:ad not found'), 'user', 'ad');
    expect(problem).toMatchObject({ code: 'USAGE', exitCode: 2 });
    expect(problem.message).toBe('There is no command "user ad".');
    expect(problem.suggestions).toEqual(['mcpd user add', 'mcpd --help']);
  });

  test.each([
    [['ps'], 'ps', ['mcpd status']],
    [['rm', 'bob'], 'rm', ['mcpd user remove']],
    [['user', 'create', 'bob'], 'user create', ['mcpd user add']],
    [['user', 'delete', 'bob'], 'user delete', ['mcpd user remove']],
    [['version'], 'version', ['mcpd --version']],
    [['usr', 'list'], 'usr list', ['mcpd user list']],
    [['nonsense', 'bob'], 'nonsense', []],
  ])('as other programs call it, %j, leads to what it is called here', (argv, name, meant) => {
    const problem = describeFor(new CLIError(`command ${argv.join(':')} not found`), ...argv);
    expect(problem.message).toBe(`There is no command "${name}".`);
    expect(problem.suggestions).toEqual([...meant, 'mcpd --help']);
  });

  test.each([
    ['-v', 'Unknown flag: -v.', ['mcpd --version', 'mcpd --help']],
    ['--secret=hunter2', 'Unknown flag: --secret.', ['mcpd --help']],
  ])('%s alone is a flag, and no command without a name', (flag, message, suggestions) => {
    const problem = describeFor(new CLIError(`command ${flag} not found`), flag);
    expect(problem).toMatchObject({ message, suggestions });
  });
});

test('a word too many behind a command is no command of its own', () => {
  const { message } = describeFor(
    new CLIError('command status:bob:x not found'),
    'status',
    'bob',
    'x',
  );
  expect(message).toBe('Unexpected argument: bob x.');
});

test('a mistake of usage leads to the help of its command', () => {
  const error = new CLIError('Unexpected argument: x\nSee more help with --help');
  expect(describeFor(error, 'user', 'add', 'bob', 'x')).toEqual({
    code: 'USAGE',
    message: 'Unexpected argument: x.',
    suggestions: ['mcpd user add --help'],
    exitCode: 2,
  });
});

describe('what was given to a flag is not repeated, since it may be a secret:', () => {
  test.each([
    [
      'unknown ones',
      { flags: ['--value=hunter2 x', '-vhunter2'] },
      '',
      'Unknown flags: --value, -v.',
    ],
    [
      'one beside another',
      { parse: { output: { flags: { token: 'hunter2 x' } } } },
      'The following error occurred:\n  --token=hunter2 x cannot also be provided when using --new-token',
      '--token cannot also be provided when using --new-token.',
    ],
    [
      'one of few',
      {},
      'Expected --client=hunter2 x to be one of: cursor, codex',
      'Expected --client to be one of: cursor, codex.',
    ],
  ])('%s', (_which, more, said, told) => {
    const error = Object.assign(new CLIError(said), more);
    expect(describeFor(error, 'user', 'add').message).toBe(told);
  });
});

test.each([
  [new CLIError('command apply:tenants.yaml not found'), ['apply', 'tenants.yaml']],
  [
    Object.assign(new CLIError('Unexpected argument: tenants.yaml'), { args: ['tenants.yaml'] }),
    ['apply', '--dry-run', 'tenants.yaml'],
  ],
])('a document as an argument leads to the flag that takes it', (error, argv) => {
  expect(describeFor(error, ...argv)).toMatchObject({
    message: 'Unexpected argument: tenants.yaml.',
    suggestions: ['mcpd apply -f tenants.yaml', 'mcpd apply --help'],
  });
});

test('an error of a schema is told in words, not in JSON', () => {
  const { error } = z.object({ ports: z.object({ start: z.int() }) }).safeParse({ ports: {} });
  const problem = describeFor(error);
  expect(problem.message).toMatch(/^ports\.start: Invalid input/);
  expect(problem.exitCode).toBe(2);
});

test('anything else is a fault of ours: exit code 1, and how to report it', () => {
  const problem = describeFor(new TypeError('x is undefined'));
  expect(problem).toMatchObject({ code: 'UNEXPECTED', exitCode: 1 });
  expect(problem.suggestions[0]).toContain('MCPD_DEBUG=1');
  expect(describeFor('text').message).toContain('text');
});
