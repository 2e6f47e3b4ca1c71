import type { Context } from '../context.ts';
import type { User } from '../registry/rows.ts';
import { forEachUser } from './each.ts';
import { erase } from './erase.ts';
import { withNamedUser, withUser, type Named } from './lease.ts';
import type { RunRemoveResult, UserRemoveResult } from './result.ts';

interface RemoveRequest extends Named {
  readonly purge: boolean;
}

/** Removes every container, network, run-time file and row of a user; the workspace stays unless purged. */
export function removeUserCompletely(
  context: Context,
  { purge, ...named }: RemoveRequest,
): Promise<UserRemoveResult> {
  return withNamedUser(context, named, (user) => remove(context, user, { purge }));
}

interface RunRequest {
  readonly runId: string;
  /** Those of it whom the caller has been told of. */
  readonly users: readonly User[];
  readonly purge: boolean;
  /** How many users at once. */
  readonly parallel: number;
}

/** The same for users of a CI run. Throws PartialFailureError when some could not be removed. */
export async function removeRun(
  world: Context,
  { runId, users, purge, parallel }: RunRequest,
): Promise<RunRemoveResult> {
  const removed: UserRemoveResult[] = [];
  const { changed } = await forEachUser(users, {
    context: world,
    parallel,
    change: async ({ id }, context) => {
      const one = await withUser(context, id, (user) => remove(context, user, { purge }));
      if (one) removed.push(one);
      // Otherwise somebody was quicker.
      return { changed: one !== undefined };
    },
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
