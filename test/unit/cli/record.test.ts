import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { watchCommand } from '../../../src/cli/record.ts';
import type { Context } from '../../../src/context.ts';
import { temporaryRegistry } from '../registry/temporary.ts';

test.each([
  [0, 'alice'],
  [1000, null],
])('of a command of uid %i that names alice as who used sudo, %s is recorded', (uid, sudoUser) => {
  using box = temporaryRegistry();
  const { registry } = box;
  const { home } = registry;
  const context = { registry, home, clock: systemClock, uid, env: { SUDO_USER: 'alice' } };
  const end = watchCommand(context as unknown as Context, {
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
  const end = watchCommand(context as unknown as Context, {
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
