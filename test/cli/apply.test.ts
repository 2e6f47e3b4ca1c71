import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import type { Flaw } from '../../src/errors.ts';
import { readRows } from '../support/snapshot.ts';
import { Desk } from './desk.ts';

interface Failed {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly problems?: readonly Flaw[];
  };
}

/** Writes a document where commands run. */
function write(desk: Desk, text: string): string {
  writeFileSync(join(desk.folder, 'tenants.yaml'), text);
  return 'tenants.yaml';
}

function rows(desk: Desk): unknown {
  return readRows({ home: desk.env['MCPD_HOME'] ?? '' });
}

const listed = `version: 1
groups: { students: { memory: 256m } }
users:
  bob: { group: students, servers: [memory, everything] }
`;

describe('apply', () => {
  test('tells all that is wrong with a document, with its places, before anything is written', async () => {
    using desk = new Desk();
    const file = write(desk, 'version: 1\nusers:\n  bob: { memory: 1g }\n  Eve:\n');
    const { code, stdout, stderr } = await desk.run(['apply', '-f', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const lines = stderr.split('\n').filter((line) => line.startsWith('tenants.yaml:'));
    expect(lines).toEqual([
      'tenants.yaml:3:10: users.bob.memory: there is no such key; did you mean policy.memory?',
      expect.stringMatching(/^tenants\.yaml:4:3: users\.Eve: "Eve" is not a name/),
    ]);
    const { error } = await desk.json<Failed>(['apply', '-f', file]);
    expect(error.code).toBe('DOCUMENT_INVALID');
    expect(error.message).toContain(lines.join('\n'));
    expect(error.problems).toEqual([
      {
        line: 3,
        column: 10,
        path: ['users', 'bob', 'memory'],
        message: 'there is no such key; did you mean policy.memory?',
      },
      { line: 4, column: 3, path: ['users', 'Eve'], message: expect.any(String) as string },
    ]);
    expect(readdirSync(desk.folder)).not.toContain('mcpd');
  });

  test('reads a document from stdin, and needs one that it can read', async () => {
    using desk = new Desk();
    const { code, stdout } = await desk.run(['apply', '-f', '-', '--dry-run'], listed);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^user\.create +bob +not found$/m);
    const { error } = await desk.json<Failed>(['apply', '-f', 'nowhere.yaml']);
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(readdirSync(desk.folder)).not.toContain('mcpd');
  });

  test('--dry-run says what would be done and why, without an engine, and changes nothing', async () => {
    using desk = new Desk();
    desk.addUsers('bob', 'eve');
    const before = rows(desk);
    const args = ['apply', '-f', write(desk, listed), '--dry-run'];
    expect(await desk.json([...args, '--prune'])).toEqual({
      changed: false,
      dryRun: true,
      operations: [
        { type: 'group.create', subject: 'students', cause: 'not found', outcome: 'due' },
        { type: 'user.remove', subject: 'eve', cause: 'not in the document', outcome: 'due' },
        expect.objectContaining({ type: 'user.update', subject: 'bob', outcome: 'due' }),
        { type: 'server.add', subject: 'bob/everything', cause: 'not found', outcome: 'due' },
      ],
      failures: [],
      unlisted: { users: [], groups: [] },
    });
    const { stdout } = await desk.run(args);
    expect(stdout).toContain('Not in the document, and left alone: eve.');
    expect(rows(desk)).toEqual(before);
  });

  test('does not remove anybody unasked, nor writes anything without an engine', async () => {
    using desk = new Desk();
    desk.addUsers('bob', 'eve');
    const before = rows(desk);
    const prune = ['apply', '-f', write(desk, listed), '--prune'];
    const { error } = await desk.json<Failed>(prune);
    expect(error).toMatchObject({
      code: 'CONFIRMATION_NEEDED',
      message: expect.stringContaining('Remove eve?') as string,
    });
    const { code } = await desk.run([...prune, '--yes']);
    expect(code).toBe(5);
    expect(rows(desk)).toEqual(before);
  });

  test('refuses what contradicts what there is', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const file = write(desk, 'version: 1\nusers:\n  bob: { osUser: bob }\n');
    const { code, stderr } = await desk.run(['apply', '-f', file]);
    expect(code).toBe(4);
    expect(stderr).toContain('tenants.yaml:3:18: users.bob.osUser: it is none, and can’t change');
    const { error } = await desk.json<Failed>(['apply', '-f', file]);
    const place = { line: 3, column: 18, path: ['users', 'bob', 'osUser'] };
    expect(error).toMatchObject({ code: 'DOCUMENT_CONFLICT', problems: [place] });
    const both = write(desk, 'version: 1\nusers:\n  bob: { osUser: bob, group: none }\n');
    const other = { line: 3, column: 30, path: ['users', 'bob', 'group'] };
    const { error: invalid } = await desk.json<Failed>(['apply', '-f', both, '--dry-run']);
    expect(invalid).toMatchObject({ code: 'DOCUMENT_INVALID', problems: [place, other] });
  });
});

describe('export', () => {
  test('prints a document that changes nothing', async () => {
    using desk = new Desk();
    desk.addUsers('bob', 'eve');
    const { stdout: text, code } = await desk.run(['export']);
    expect(code).toBe(0);
    const dryRun = ['apply', '-f', '-', '--prune', '--dry-run'];
    expect(await desk.json(dryRun, text)).toMatchObject({ operations: [] });
    const json = await desk.run(['export', 'bob', '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1, users: { bob: {} } });
    expect(await desk.json(['export', 'bob'])).toEqual(JSON.parse(json.stdout));
    expect(json.stdout).not.toContain('eve');
  });

  test('of a user who is not there leads to those with a like name', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const { code, stderr } = await desk.run(['export', 'bop']);
    expect(code).toBe(3);
    expect(stderr).toContain('Did you mean bob?');
  });

  test('is valid by the schema that is published for editors', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const file = join(import.meta.dirname, '../../docs/tenants.schema.json');
    const published: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(await desk.json(['schema', 'export'])).toEqual(published);
    const schema = z.fromJSONSchema(published as z.core.JSONSchema.JSONSchema);
    expect(schema.safeParse(await desk.json(['export'])).error).toBeUndefined();
    const wrong = { version: 1, users: { bob: { secrets: { KEY: 'value' } } } };
    expect(schema.safeParse(wrong).success).toBe(false);
  });
});

test('the example of docs/apply.md is a document that can be applied', async () => {
  using desk = new Desk();
  const root = join(import.meta.dirname, '../..');
  const docs = readFileSync(join(root, 'docs/apply.md'), 'utf8');
  const [, example = ''] = /<!-- example -->\s+```yaml\n(.*?)```/s.exec(docs) ?? [];
  const github = join(desk.folder, 'templates/github');
  cpSync(join(root, 'templates/memory'), github, { recursive: true });
  const template = JSON.parse(readFileSync(join(github, 'template.json'), 'utf8')) as object;
  const secrets = [{ name: 'GITHUB_TOKEN', description: 'a token' }];
  const content = JSON.stringify({ ...template, name: 'github', secrets });
  writeFileSync(join(github, 'template.json'), content);
  mkdirSync(join(desk.folder, 'secrets'));
  writeFileSync(join(desk.folder, 'secrets/bob.token'), 'x');
  desk.env['CAROL_GITHUB_TOKEN'] = 'y';
  const { operations } = await desk.json<{ operations: { type: string; subject: string }[] }>([
    'apply',
    '-f',
    write(desk, example),
    '--dry-run',
  ]);
  const made = operations.filter(({ type }) => type === 'user.create');
  expect(made.map(({ subject }) => subject)).toEqual(['alice', 'bob', 'carol', 'dave']);
});
