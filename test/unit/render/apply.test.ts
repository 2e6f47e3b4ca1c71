import { expect, test } from 'vitest';
import type { ApplyFailure, ApplyResult, ApplyRow } from '../../../src/apply/result.ts';
import { renderApply } from '../../../src/render/apply.ts';

const row = (type: string, subject: string, outcome: ApplyRow['outcome']): ApplyRow => ({
  type,
  subject,
  cause: 'not found',
  outcome,
});

const failure = (name: string, problem: string, ...suggestions: string[]): ApplyFailure => ({
  kind: 'user',
  name,
  code: 'X',
  problem,
  suggestions,
});

function result(change: Partial<ApplyResult>): ApplyResult {
  return {
    changed: true,
    dryRun: false,
    operations: [],
    failures: [],
    unlisted: { users: [], groups: [] },
    ...change,
  };
}

test('of a document that some fail of it is said what was done, what failed and why, and what was not tried', () => {
  const operations = [
    row('user.create', 'alice', 'done'),
    row('user.create', 'dave', 'failed'),
    row('server.add', 'dave/notes', 'not-tried'),
    row('user.create', 'carol', 'failed'),
  ];
  const failures = [
    { ...failure('notes', 'No image:\nnpm\u001B[2J', 'look'), kind: 'template' as const },
    failure('dave', 'No image.', 'look'),
    failure('carol', 'No image.', 'wait'),
  ];
  expect(renderApply(result({ operations, failures }))).toBe(`\
OPERATION    OBJECT      OUTCOME    CAUSE
user.create  alice       done       not found
user.create  dave        failed     not found
server.add   dave/notes  not-tried  not found
user.create  carol       failed     not found

template notes: No image:
  npm?[2J

dave, carol: No image.

Try this:
  look
  wait
  mcpd apply again: what was done is not done again

alice has no token yet: mcpd token create alice`);
});

test('when all went well only what was done is said', () => {
  const operations = [row('server.add', 'bob/memory', 'done')];
  expect(renderApply(result({ operations }))).toBe(`\
OPERATION   OBJECT      CAUSE
server.add  bob/memory  not found`);
  expect(renderApply(result({ changed: false }))).toBe('Nothing changed.');
});
