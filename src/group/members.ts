import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import type { User } from '../registry/rows.ts';
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
  const join = ({ name, group }: User) => {
    if (group && group.name !== request.group) throw inAnother(name, group.name, request.group);
    return request.group;
  };
  // Of several nobody is moved when one can't be.
  for (const name of request.users) join(getUser(context.registry, name));
  return moveUsers(context, request, join);
}

/** Takes users out of a group. One who isn't in it stays as they are. */
export function dropMembers(context: Context, request: MembersRequest): Promise<GroupChangeResult> {
  const present = request.users.filter(
    (name) => getUser(context.registry, name).group?.name === request.group,
  );
  const leave = ({ group }: User) => (group?.name === request.group ? null : undefined);
  return moveUsers(context, { ...request, users: present }, leave);
}

async function moveUsers(
  context: Context,
  { group, users, timeoutMs, parallel }: MembersRequest,
  to: (user: User) => string | null | undefined,
): Promise<GroupChangeResult> {
  const { registry } = context;
  getGroup(registry, group);
  const named = [...new Set(users)].map((name) => ({ name }));
  const moved = await forEachUser(named, {
    context,
    parallel,
    change: ({ name }, beside) =>
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
