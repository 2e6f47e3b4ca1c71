import { admitted } from '../admission/admit.ts';
import { undisturbed, type Context } from '../context.ts';
import { requireEnforceable } from '../firewall/protect.ts';
import { egressText } from '../policy/egress.ts';
import { ownPolicy, splitPolicy } from '../policy/of-user.ts';
import { isSamePolicy, patchPolicy, type PolicyPatch } from '../policy/policy.ts';
import { converge, type Converged } from '../reconcile/converge.ts';
import { getGroup } from '../registry/groups.ts';
import type { User } from '../registry/rows.ts';
import { getUser, updateUser, type UserPatch } from '../registry/users.ts';
import { requireEnforceableStorage } from '../storage/enforceable.ts';
import { describeUserAndServers } from './describe.ts';
import { withNamedUser } from './lease.ts';
import { requireBelowMaximum, requireProcessors } from './preconditions.ts';
import { publishPolicy } from './publish-policy.ts';
import type { UserUpdateResult } from './result.ts';

type GroupChoice = string | null | undefined;

export interface UpdateRequest {
  readonly name: string;
  /** What they have of their own: caps, egress and the rest. */
  readonly policy: PolicyPatch;
  /** A group's name; null: none. Undefined: the present one. Asked when it is their turn. */
  readonly group: (user: User) => GroupChoice;
  readonly timeoutMs: number;
}

/**
 * Changes what a user may do. Caps change live where the engine can, and the rest at once; the result's
 * operations say what was updated, and what was recreated and why.
 */
export async function updateUserSettings(
  context: Context,
  request: UpdateRequest,
): Promise<UserUpdateResult> {
  const { registry } = context;
  const { replacement, set } = request.policy;
  const asked = { ...replacement, ...set };
  if (asked.egress !== undefined) requireEnforceable(context, egressText.parse(asked.egress));
  requireBelowMaximum(context.config, asked);
  const { id, workspace } = getUser(registry, request.name);
  if (asked.storage) requireEnforceableStorage(context, workspace);
  await requireProcessors(context, asked);
  return withNamedUser(context, { name: request.name, id }, async (user) => {
    const group = request.group(user);
    const patch: UserPatch = {
      ...splitPolicy(patchPolicy(ownPolicy(user), request.policy)),
      ...(group === undefined ? {} : { groupId: groupId(context, group) }),
    };
    // Without an engine nothing is written: the registry never runs ahead of what can be done.
    await context.engine();
    const next = await admitted(context, { change: () => updateUser(registry, user.id, patch) });
    publishPolicy(context, user.id);
    const converged = await convergeOrRevert(context, user, request);
    return {
      changed: differ(user, next) || converged.changed,
      ...describeUserAndServers(context, user.id, converged),
      operations: [...converged.operations],
    };
  });
}

function groupId({ registry }: Context, name: string | null): string | null {
  return name === null ? null : getGroup(registry, name).id;
}

async function convergeOrRevert(
  context: Context,
  user: User,
  { timeoutMs }: UpdateRequest,
): Promise<Converged> {
  try {
    return await converge(context, user.id, { waitMs: timeoutMs });
  } catch (error) {
    updateUser(context.registry, user.id, {
      ...splitPolicy(ownPolicy(user)),
      groupId: user.group?.id ?? null,
    });
    publishPolicy(context, user.id);
    // Caps and firewall may be the new ones, servers stopped to move their files; the first error says why.
    await converge(undisturbed(context), user.id, { waitMs: undefined }).catch(() => undefined);
    throw error;
  }
}

function differ(a: User, b: User): boolean {
  return a.group?.id !== b.group?.id || !isSamePolicy(ownPolicy(a), ownPolicy(b));
}
