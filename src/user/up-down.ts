import * as z from 'zod';
import { admitted } from '../admission/admit.ts';
import type { Context } from '../context.ts';
import { converge, type Converged } from '../reconcile/converge.ts';
import { isWanted } from '../reconcile/desired.ts';
import { planUser } from '../reconcile/plan-user.ts';
import { subject } from '../reconcile/plan.ts';
import { previewServers } from '../reconcile/prepare.ts';
import { operationResult } from '../reconcile/result.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { getUser, listUsers, updateUser } from '../registry/users.ts';
import { previewVolume } from '../storage/settle.ts';
import { forEachUser } from './each.ts';
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

interface BulkRequest {
  /** None: all users. */
  readonly names: readonly string[];
  /** How many users at once. */
  readonly parallel: number;
}

interface UpRequest extends BulkRequest {
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
    const moves = isWanted(user, context.clock.now()) ? await previewVolume(context, user) : [];
    return { user: user.name, operations: [...moves, ...operations] };
  });
  return { users: await Promise.all(plans) };
}

/** Brings users to what the registry says; expired ones are removed. */
export function bringUp(world: Context, request: UpRequest) {
  return forEachChosen(world, request, async (user, context) => {
    if (user.expiresAt !== null && user.expiresAt <= context.clock.now()) {
      await erase(context, user, { purge: true, quarantine: true });
      return { operations: [], changed: true, removed: true };
    }
    const change = () => updateUser(context.registry, user.id, { down: false });
    if (user.down) await admitted(context, { change });
    return { ...(await converge(context, user.id, { waitMs: request.waitMs })), removed: false };
  });
}

/** Removes users' containers and networks; rows, addresses, secrets and workspaces stay. */
export function takeDown(world: Context, request: BulkRequest) {
  return forEachChosen(world, request, async (user, context) => {
    updateUser(context.registry, user.id, { down: true });
    return { ...(await converge(context, user.id, { waitMs: undefined })), removed: false };
  });
}

type Outcome = Pick<Converged, 'changed' | 'operations'> & { readonly removed: boolean };

async function forEachChosen(
  context: Context,
  { names, parallel }: BulkRequest,
  change: (user: User, context: Context) => Promise<Outcome>,
): Promise<z.infer<typeof upDownResult>> {
  const chosen = chosenUsers(context, names).map(({ name }) => name);
  await context.engine();
  const { changed, users } = await forEachUser(chosen, {
    context,
    parallel,
    change: (name, beside) =>
      withUserLease(beside, name, () => change(getUser(beside.registry, name), beside)),
  });
  return {
    changed,
    users: users.map(({ user, operations, removed }) => ({
      user,
      operations: [...operations],
      removed,
    })),
  };
}

function chosenUsers({ registry }: Context, names: readonly string[]): readonly User[] {
  return names.length === 0 ? listUsers(registry) : names.map((name) => getUser(registry, name));
}
