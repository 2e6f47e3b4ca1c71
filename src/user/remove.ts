import type { Context } from '../context.ts';
import { getUser } from '../registry/users.ts';
import { erase } from './erase.ts';
import { withUserLease } from './lease.ts';
import type { UserRemoveResult } from './result.ts';

interface RemoveRequest {
  readonly name: string;
  readonly purge: boolean;
}

/** Removes every container, network, run-time file and row of a user; the workspace stays unless purged. */
export async function removeUserCompletely(
  context: Context,
  { name, purge }: RemoveRequest,
): Promise<UserRemoveResult> {
  getUser(context.registry, name);
  return withUserLease(context, name, async () => {
    const user = getUser(context.registry, name);
    const image = await erase(context, user, { purge, quarantine: true });
    const isGone = purge && user.workspaceManaged;
    return {
      removed: name,
      workspace: isGone ? null : user.workspace,
      image: image ?? null,
    };
  });
}
