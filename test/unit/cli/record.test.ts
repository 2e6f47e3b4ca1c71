import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { ControlLine } from '../../../src/audit/result.ts';
import { watchCommand } from '../../../src/cli/record.ts';
import { usersOrAll } from '../../../src/cli/subjects.ts';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Context } from '../../../src/context.ts';
import { removeUser, updateUser } from '../../../src/registry/users.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';

test.each([
  [0, 'alice'],
  [1000, null],
])('of a command of uid %i that names alice as who used sudo, %s is recorded', (uid, sudoUser) => {
  using box = temporaryRegistry();
  const { registry } = box;
  const { home } = registry;
  const context = { registry, home, clock: systemClock, uid, env: { SUDO_USER: 'alice' } };
  const { end } = watchCommand(context as unknown as Context, {
    command: 'mcpd user add bob',
    object: 'bob',
    subjects: { users: ['bob'], groups: [] },
  });
  end({ result: { changed: true } });
  const line = readFileSync(join(home.audit, 'control.jsonl'), 'utf8');
  expect(JSON.parse(line)).toMatchObject({ actor: { uid, sudoUser } });
});

test('a command whose result tells of failures is recorded as failed, with what it changed', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const { home } = registry;
  const context = { registry, home, clock: systemClock, uid: 0, env: {} };
  const { end } = watchCommand(context as unknown as Context, {
    command: 'mcpd upgrade --all',
    object: undefined,
    subjects: { users: [], groups: [] },
  });
  end({ result: { changed: true }, code: 'PARTIAL_FAILURE' });
  const line = readFileSync(join(home.audit, 'control.jsonl'), 'utf8');
  expect(JSON.parse(line)).toMatchObject({
    outcome: 'failed',
    code: 'PARTIAL_FAILURE',
    changed: true,
  });
});

test('a command for everybody records what became of each, and what was done for whom', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const [bob] = ['bob', 'alice'].map((name) => add(registry, name));
  const { home } = registry;
  const context = { registry, home, clock: systemClock, uid: 0, env: {} };
  const { end } = watchCommand(context as unknown as Context, {
    command: 'mcpd down --all',
    object: undefined,
    subjects: usersOrAll([])(registry),
  });
  updateUser(registry, bob?.id ?? '', { down: true });
  const operations = [{ type: 'server.remove', subject: 'bob/memory', cause: 'bob is down' }];
  const nothing = { user: 'alice', operations: [], removed: false };
  end({ result: { changed: true, users: [{ user: 'bob', operations, removed: false }, nothing] } });
  const line = readFileSync(join(home.audit, 'control.jsonl'), 'utf8');
  expect(JSON.parse(line)).toMatchObject({
    changes: [
      { what: 'user bob down', before: 0, after: 1 },
      { what: 'server.remove bob/memory', before: 'bob is down', after: 'done' },
    ],
  });
});

test('what a command made and took away again is recorded both ways', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const { home } = registry;
  const context = { registry, home, clock: systemClock, uid: 0, env: {} };
  const subjects = { users: ['run-1'], groups: [] };
  const words = { command: 'mcpd run', object: 'run-1', subjects };
  const { witness, end } = watchCommand(context as unknown as Context, words);
  const { id, uid } = add(registry, 'run-1');
  witness();
  removeUser(registry, id, { keepUid: false, config: hostConfigSchema.parse({}) });
  end({ result: {} });
  const line = readFileSync(join(home.audit, 'control.jsonl'), 'utf8');
  const { changes } = JSON.parse(line) as ControlLine;
  expect(changes.filter(({ what }) => what === 'user run-1 uid')).toEqual([
    { what: 'user run-1 uid', before: null, after: uid },
    { what: 'user run-1 uid', before: uid, after: null },
  ]);
});

test('of what a document asked for it is recorded what became of each part, and why', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const { home } = registry;
  const context = { registry, home, clock: systemClock, uid: 0, env: {} };
  const { end } = watchCommand(context as unknown as Context, {
    command: 'mcpd apply --file',
    object: undefined,
    subjects: { users: ['bob'], groups: [] },
  });
  const lost = { type: 'server.create', subject: 'bob/memory', cause: 'not found' };
  const refused = { type: 'user.create', subject: 'eve', cause: 'not found' };
  const operations = [
    { ...lost, outcome: 'done' },
    { ...refused, outcome: 'failed' },
  ];
  end({ result: { changed: true, operations }, code: 'PARTIAL_FAILURE' });
  const line = readFileSync(join(home.audit, 'control.jsonl'), 'utf8');
  expect(JSON.parse(line)).toMatchObject({
    outcome: 'failed',
    changes: [
      { what: 'server.create bob/memory', before: 'not found', after: 'done' },
      { what: 'user.create eve', before: 'not found', after: 'failed' },
    ],
  });
});
