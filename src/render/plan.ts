import type * as z from 'zod';
import type { operationResult } from '../reconcile/result.ts';
import type { planResult } from '../user/plan-users.ts';
import type { upDownResult } from '../user/up-down.ts';
import { harmlessText } from './harmless.ts';
import { renderTable } from './table.ts';

type OperationRow = z.infer<typeof operationResult>;

export function renderOperations(operations: readonly OperationRow[]): string {
  return renderTable(operations, [
    { header: 'operation', cell: ({ type }) => type },
    { header: 'object', cell: ({ subject }) => subject },
    { header: 'cause', cell: ({ cause }) => cause },
  ]);
}

export function renderPlan({ users }: z.infer<typeof planResult>): string {
  const operations = users.flatMap((user) => user.operations);
  const problems = users.flatMap(({ user, problem }) =>
    problem === null ? [] : [`${user} can't be planned for: ${harmlessText(problem)}`],
  );
  return [...problems, ...tableOf(operations)].join('\n') || 'Nothing to do.';
}

export function renderUpDown({ users }: z.infer<typeof upDownResult>): string {
  const operations = users.flatMap((user) => user.operations);
  const removed = users
    .filter((user) => user.removed)
    .map(({ user, removedBecause }) => `Removed ${user}: ${removedBecause ?? 'over'}.`);
  return [...removed, ...tableOf(operations)].join('\n') || 'Nothing changed.';
}

function tableOf(operations: readonly OperationRow[]): string[] {
  return operations.length > 0 ? [renderOperations(operations)] : [];
}
