import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { getGroup } from '../registry/groups.ts';
import { getUser } from '../registry/users.ts';
import { forEachUser } from '../user/each.ts';
import { updateUserSettings } from '../user/update.ts';
import { describeGroup, type GroupChangeResult } from './result.ts';

export interface MembersRequest {
  readonly group: string;
  readonly users: readonly string[];
  readonly timeoutMs: number;
  readonly parallel: number;
}

/** Puts users into a group, whose policy holds for them from now on. Throws ConflictError for one of another group. */
export function addMembers(context: Context, request: MembersRequest): Promise<GroupChangeResult> {
  for (const name of request.users) {
    const { group } = getUser(context.registry, name);
    if (group && group.name !== request.group) throw inAnother(name, group.name, request.group);
  }
  return moveUsers(context, request, request.group);
}

/** Takes users out of a group. One who isn't in it stays as they are. */
export function dropMembers(context: Context, request: MembersRequest): Promise<GroupChangeResult> {
  const present = request.users.filter(
    (name) => getUser(context.registry, name).group?.name === request.group,
  );
  return moveUsers(context, { ...request, users: present }, null);
}

async function moveUsers(
  context: Context,
  { group, users, timeoutMs, parallel }: MembersRequest,
  to: string | null,
): Promise<GroupChangeResult> {
  const { registry } = context;
  getGroup(registry, group);
  const moved = await forEachUser([...new Set(users)], {
    context,
    parallel,
    change: (name, beside) =>
      updateUserSettings(beside, { name, policy: {}, group: to, timeoutMs }),
  });
  return {
    changed: moved.changed,
    group: describeGroup(registry, getGroup(registry, group)),
    users: moved.users.map(({ user, operations }) => ({ user, operations })),
  };
}

function inAnother(name: string, present: string, wanted: string): ConflictError {
  return new ConflictError(`${name} is in the group ${present}, and nobody is in two.`, {
    code: 'USER_IN_GROUP',
    suggestions: [`mcpd user update ${name} --group ${wanted}, to move them`],
  });
}
