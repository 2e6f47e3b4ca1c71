import type { Context } from '../context.ts';
import { findUser, getUser, listUsersOfRun } from '../registry/users.ts';
import type { User } from '../registry/rows.ts';
import { forEachUser } from './each.ts';
import { erase } from './erase.ts';
import { withUserLease } from './lease.ts';
import type { RunRemoveResult, UserRemoveResult } from './result.ts';

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
  return withUserLease(context, name, () =>
    remove(context, getUser(context.registry, name), { purge }),
  );
}

interface RunRequest {
  readonly runId: string;
  readonly purge: boolean;
  /** How many users at once. */
  readonly parallel: number;
}

/** The same for all users of a CI run. Throws PartialFailureError when some could not be removed. */
export async function removeRun(
  world: Context,
  { runId, purge, parallel }: RunRequest,
): Promise<RunRemoveResult> {
  const removed: UserRemoveResult[] = [];
  const names = listUsersOfRun(world.registry, runId).map(({ name }) => name);
  const { changed } = await forEachUser(names, {
    context: world,
    parallel,
    change: (name, context) =>
      withUserLease(context, name, async () => {
        const user = findUser(context.registry, name);
        // Somebody was quicker.
        if (user?.runId !== runId) return { changed: false };
        removed.push(await remove(context, user, { purge }));
        return { changed: true };
      }),
  });
  return { changed, runId, users: removed };
}

async function remove(
  context: Context,
  user: User,
  { purge }: { readonly purge: boolean },
): Promise<UserRemoveResult> {
  const image = await erase(context, user, { purge, quarantine: true });
  const isGone = purge && user.workspaceManaged;
  return {
    removed: user.name,
    workspace: isGone ? null : user.workspace,
    image: image ?? null,
  };
}
