import * as z from 'zod';
import type { Context } from '../context.ts';
import { McpdError, PartialFailureError } from '../errors.ts';
import { converge, type Converged } from '../reconcile/converge.ts';
import { isWanted } from '../reconcile/desired.ts';
import { planUser } from '../reconcile/plan-user.ts';
import { subject } from '../reconcile/plan.ts';
import { previewServers } from '../reconcile/prepare.ts';
import { operationResult } from '../reconcile/result.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { getUser, listUsers, updateUser } from '../registry/users.ts';
import { erase } from './erase.ts';
import { withUserLease } from './lease.ts';

export const planResult = z.object({
  users: z.array(z.object({ user: z.string(), operations: z.array(operationResult) })),
});

export const upDownResult = z.object({
  changed: z.boolean(),
  users: z.array(
    z.object({
      user: z.string(),
      operations: z.array(operationResult),
      removed: z.boolean().describe('its time was over'),
    }),
  ),
});

export interface BulkRequest {
  /** None: all users. */
  readonly names: readonly string[];
  /** How long to wait for readiness; undefined: don't. */
  readonly waitMs: number | undefined;
}

/** What `up` would do, and why. Changes nothing. */
export async function planUsers(
  context: Context,
  names: readonly string[],
): Promise<z.infer<typeof planResult>> {
  const engine = await context.engine();
  const plans = chosenUsers(context, names).map(async (user) => {
    const servers = isWanted(user, context.clock.now())
      ? listServers(context.registry, user.id)
      : [];
    const inputs = await previewServers(context, engine, user, servers);
    const observed = await engine.observe({
      instance: context.registry.instance,
      userId: user.id,
    });
    const plan = planUser(context, { user, inputs, observed, restart: undefined });
    const operations = plan.operations.map((operation) => ({
      type: operation.type,
      subject: subject(operation),
      cause: operation.cause,
    }));
    return { user: user.name, operations };
  });
  return { users: await Promise.all(plans) };
}

/** Brings users to what the registry says; expired ones are removed. */
export function bringUp(context: Context, request: BulkRequest) {
  return forEachUser(context, request.names, async (user) => {
    if (user.expiresAt !== null && user.expiresAt <= context.clock.now()) {
      await erase(context, user, { purge: true, quarantine: true });
      return { operations: [], changed: true, removed: true };
    }
    if (user.down) updateUser(context.registry, user.id, { down: false });
    return { ...(await converge(context, user.id, { waitMs: request.waitMs })), removed: false };
  });
}

/** Removes users' containers and networks; rows, addresses, secrets and workspaces stay. */
export function takeDown(context: Context, names: readonly string[]) {
  return forEachUser(context, names, async (user) => {
    updateUser(context.registry, user.id, { down: true });
    return { ...(await converge(context, user.id, { waitMs: undefined })), removed: false };
  });
}

type Outcome = Pick<Converged, 'changed' | 'operations'> & { readonly removed: boolean };

/** One after another; a user that fails doesn't stop the others. */
async function forEachUser(
  context: Context,
  names: readonly string[],
  change: (user: User) => Promise<Outcome>,
): Promise<z.infer<typeof upDownResult>> {
  const users = chosenUsers(context, names);
  await context.engine();
  const done: (Outcome & { user: string })[] = [];
  const failed: { user: string; error: McpdError }[] = [];
  for (const { name } of users) {
    try {
      const outcome = await withUserLease(context, name, () =>
        change(getUser(context.registry, name)),
      );
      done.push({ ...outcome, user: name });
    } catch (error) {
      if (!(error instanceof McpdError) || users.length === 1) throw error;
      failed.push({ user: name, error });
    }
  }
  if (failed.length > 0) throw partialFailure(failed, users.length);
  return {
    changed: done.some(({ changed }) => changed),
    users: done.map(({ user, operations, removed }) => ({
      user,
      operations: [...operations],
      removed,
    })),
  };
}

function partialFailure(
  failed: readonly { user: string; error: McpdError }[],
  total: number,
): PartialFailureError {
  const lines = failed.map(({ user, error }) => `  ${user}: ${error.message}`);
  return new PartialFailureError(
    `${failed.length} of ${total} users failed:\n${lines.join('\n')}`,
    {
      code: 'PARTIAL_FAILURE',
      suggestions: [...new Set(failed.flatMap(({ error }) => error.suggestions))],
    },
  );
}

function chosenUsers({ registry }: Context, names: readonly string[]): readonly User[] {
  return names.length === 0 ? listUsers(registry) : names.map((name) => getUser(registry, name));
}
