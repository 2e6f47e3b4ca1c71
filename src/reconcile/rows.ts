import type * as z from 'zod';
import type { StorageOperation } from '../storage/operations.ts';
import type { ServerInputs } from './desired.ts';
import type { Observed } from './observed.ts';
import { subject, type Operation, type Plan } from './plan.ts';
import type { operationResult } from './result.ts';

/** One thing that is done, or would be, as commands tell it. */
export type Row = z.infer<typeof operationResult>;

interface Work {
  readonly user: string;
  readonly observed: Observed;
  readonly moved: readonly StorageOperation[];
  /** Why their rules are set anew. */
  readonly unprotected: string | undefined;
  readonly inputs: readonly ServerInputs[];
  readonly plan: Plan;
}

/**
 * Everything that is done for a user, in its order. Rules and run-time files are renewed at every
 * change; they are told of only where they had drifted and nothing else says so. Pure.
 */
export function toRows({ user, observed, moved, unprotected, inputs, plan }: Work): Row[] {
  const operations = plan.operations.map((operation) => toRow(operation));
  const told = new Set(operations.map((row) => row.subject));
  const isUp = observed.networks.length > 0;
  const rules =
    isUp && unprotected !== undefined
      ? [{ type: 'firewall.set', subject: user, cause: unprotected }]
      : [];
  const files = inputs
    .map(({ server, stale }) => ({ subject: `${user}/${server.name}`, stale }))
    .filter((one) => one.stale.length > 0 && !told.has(one.subject))
    .map((one) => ({
      type: 'files.write',
      subject: one.subject,
      cause: `not what the registry says: ${one.stale.join(', ')}`,
    }));
  return [...moved, ...rules, ...files, ...operations];
}

export function toRow(operation: Operation): Row {
  return { type: operation.type, subject: subject(operation), cause: operation.cause };
}
