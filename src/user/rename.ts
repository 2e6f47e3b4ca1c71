import type * as z from 'zod';
import type { Context } from '../context.ts';
import { converge } from '../reconcile/converge.ts';
import { renameUser } from '../registry/rename.ts';
import { findUser, getUser } from '../registry/users.ts';
import { checkUserName, userExists } from '../registry/user-request.ts';
import { describeUserAndServers } from './describe.ts';
import { sameUser, withUserLease } from './lease.ts';
import type { userRenameResult } from './result.ts';

export interface RenameRequest {
  readonly name: string;
  readonly newName: string;
  readonly timeoutMs: number;
}

/**
 * Gives a user another name. Names are for people: addresses, tokens, files and secrets stay. Containers
 * and the network are made anew, since theirs has the name in it; a command killed meanwhile is finished by `up`.
 */
export async function renameUserAndObjects(
  context: Context,
  { name, newName, timeoutMs }: RenameRequest,
): Promise<z.infer<typeof userRenameResult>> {
  const { registry } = context;
  const { id } = getUser(registry, name);
  checkUserName(newName);
  const isSame = name === newName;
  return withBothLeases(context, [name, newName], async () => {
    if (!isSame && findUser(registry, newName)) throw userExists(newName);
    sameUser(registry, { name, id });
    // Without an engine nothing is written: the registry never runs ahead of what can be done.
    await context.engine();
    renameUser(registry, id, newName);
    const converged = await converge(context, id, { waitMs: timeoutMs });
    return {
      changed: !isSame || converged.changed,
      before: name,
      ...describeUserAndServers(context, id, converged),
      operations: [...converged.operations],
    };
  });
}

/** In the order of the names, so that of two commands with the same names none waits for the other's. */
function withBothLeases<Result>(
  context: Context,
  names: readonly [string, string],
  change: () => Promise<Result>,
): Promise<Result> {
  const [first = '', second] = [...new Set(names)].toSorted();
  return withUserLease(context, first, () =>
    second === undefined ? change() : withUserLease(context, second, change),
  );
}
