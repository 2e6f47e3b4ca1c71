import { admitted } from '../admission/admit.ts';
import type { Context } from '../context.ts';
import { McpdError } from '../errors.ts';
import { requireEnforceable } from '../firewall/protect.ts';
import { egressText } from '../policy/egress.ts';
import { isSamePolicy, patchPolicy, type Policy, type PolicyPatch } from '../policy/policy.ts';
import { converge, type Converged } from '../reconcile/converge.ts';
import {
  createGroup,
  findGroup,
  getGroup,
  getGroupById,
  removeGroup,
  setGroupPolicy,
} from '../registry/groups.ts';
import { listUsersOfGroup } from '../registry/users.ts';
import { requireEnforceableStorage } from '../storage/enforceable.ts';
import { forEachUser } from '../user/each.ts';
import { withUser } from '../user/lease.ts';
import { requireBelowMaximum, requireProcessors } from '../user/preconditions.ts';
import { publishPolicy } from '../user/publish-policy.ts';
import {
  describeGroup,
  type GroupChangeResult,
  type GroupCreateResult,
  type GroupRemoveResult,
} from './result.ts';

interface CreateRequest {
  readonly name: string;
  readonly policy: Policy;
}

/** Makes a group without members. Throws ConflictError when it exists with another policy. */
export async function createUserGroup(
  context: Context,
  { name, policy }: CreateRequest,
): Promise<GroupCreateResult> {
  const { registry } = context;
  requireHoldable(context, policy);
  const existing = findGroup(registry, name);
  if (existing && isSamePolicy(existing.policy, policy)) {
    return { changed: false, group: describeGroup(registry, existing) };
  }
  await requireProcessors(context, policy);
  return { changed: true, group: describeGroup(registry, createGroup(registry, { name, policy })) };
}

interface UpdateRequest {
  readonly name: string;
  readonly patch: PolicyPatch;
  readonly timeoutMs: number;
  readonly parallel: number;
}

/**
 * Changes a group's policy: for all members' bridges at once, then each member's containers. What was
 * changed stays when a member fails; `mcpd up` mends them.
 */
export async function updateUserGroup(
  context: Context,
  { name, patch, timeoutMs, parallel }: UpdateRequest,
): Promise<GroupChangeResult> {
  const { registry } = context;
  const asked = { ...patch.replacement, ...patch.set };
  requireHoldable(context, asked);
  const { id } = getGroup(registry, name);
  if (listUsersOfGroup(registry, id).length > 0) await context.engine();
  await requireProcessors(context, asked);
  const change = () => {
    const { policy } = getGroupById(registry, id);
    const next = patchPolicy(policy, patch);
    setGroupPolicy(registry, id, next);
    return !isSamePolicy(policy, next);
  };
  const isNews = await admitted(context, { change });
  const members = listUsersOfGroup(registry, id);
  for (const member of members) publishPolicy(context, member.id);
  const { changed, users } = await forEachUser(members, {
    context,
    parallel,
    change: async (member, beside): Promise<Outcome> => {
      const bring = () => converge(beside, member.id, { waitMs: timeoutMs });
      return (await withUser(beside, member.id, bring)) ?? goneMeanwhile;
    },
  }).catch((error: unknown) => {
    if (error instanceof McpdError) error.suggestions.push(finish);
    throw error;
  });
  return {
    changed: isNews || changed,
    group: describeGroup(registry, getGroupById(registry, id)),
    users: users.map(({ user, operations }) => ({ user, operations: [...operations] })),
  };
}

type Outcome = Pick<Converged, 'changed' | 'operations'>;

const goneMeanwhile: Outcome = { changed: false, operations: [] };

const finish = 'mcpd up, which finishes it: the policy is changed already';

/** Throws NotFoundError, and ConflictError when it has members. */
export function removeUserGroup({ registry }: Context, name: string): GroupRemoveResult {
  removeGroup(registry, getGroup(registry, name));
  return { removed: name };
}

function requireHoldable(context: Context, policy: Policy): void {
  if (policy.egress !== undefined) requireEnforceable(context, egressText.parse(policy.egress));
  // For no member, that is; a member whose own folder can't have one is refused when it is their turn.
  if (policy.storage) requireEnforceableStorage(context, undefined);
  requireBelowMaximum(context.config, policy);
}
