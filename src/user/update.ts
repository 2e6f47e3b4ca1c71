import type { Context } from '../context.ts';
import { requireEnforceable } from '../firewall/protect.ts';
import { formatEgress, type Egress } from '../policy/egress.ts';
import type { LimitOverrides } from '../policy/limits.ts';
import { converge, type Converged } from '../reconcile/converge.ts';
import type { User } from '../registry/rows.ts';
import { getUser, updateUser } from '../registry/users.ts';
import { describeUserAndServers } from './describe.ts';
import { requireProcessors } from './preconditions.ts';
import { withUserLease } from './lease.ts';
import type { UserUpdateResult } from './result.ts';

export interface UpdateRequest {
  readonly name: string;
  readonly limits: LimitOverrides;
  readonly egress: Egress | undefined;
  readonly timeoutMs: number;
}

/**
 * Changes a user's limits and egress. Limits change live where the engine can; the result's
 * operations say what was updated, and what was recreated and why.
 */
export async function updateUserSettings(
  context: Context,
  request: UpdateRequest,
): Promise<UserUpdateResult> {
  if (request.egress) requireEnforceable(context, request.egress);
  getUser(context.registry, request.name);
  await requireProcessors(context, request.limits);
  return withUserLease(context, request.name, async () => {
    const user = getUser(context.registry, request.name);
    const isNew = differs(user, request);
    // Without an engine nothing is written: the registry never runs ahead of what can be done.
    await context.engine();
    updateUser(context.registry, user.id, {
      limits: request.limits,
      egress: request.egress ?? user.egress,
    });
    const converged = await convergeOrRevert(context, user, request);
    return {
      changed: isNew || converged.changed,
      ...describeUserAndServers(context, user.id, converged),
      operations: [...converged.operations],
    };
  });
}

async function convergeOrRevert(
  context: Context,
  user: User,
  { timeoutMs }: UpdateRequest,
): Promise<Converged> {
  try {
    return await converge(context, user.id, { waitMs: timeoutMs });
  } catch (error) {
    const { memoryBytes = null, cpus = null, pids = null } = user.limits;
    updateUser(context.registry, user.id, {
      limits: { memoryBytes, cpus, pids },
      egress: user.egress,
    });
    throw error;
  }
}

function differs(user: User, { limits, egress }: UpdateRequest): boolean {
  const changesLimit = (['memoryBytes', 'cpus', 'pids'] as const).some(
    (key) => limits[key] !== undefined && limits[key] !== user.limits[key],
  );
  return (
    changesLimit || (egress !== undefined && formatEgress(egress) !== formatEgress(user.egress))
  );
}
