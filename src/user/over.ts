import type { Context } from '../context.ts';
import { silent } from '../progress.ts';
import { hasOwner, listOver, whyOver } from '../registry/lifetime.ts';
import type { User } from '../registry/rows.ts';
import { findUser } from '../registry/users.ts';
import { erase } from './erase.ts';
import { whileFree } from './lease.ts';

/** So that a command pays for little more than itself: what is left over is for the next one, or for `gc`. */
const mostAtOnce = 2;

/**
 * Takes away a user who is over, with their workspace. The caller holds the user's lease. The clients of
 * one who was made for a process ended with it, so that nothing of theirs has to rest.
 */
export async function eraseOver(context: Context, user: User): Promise<void> {
  await erase(context, user, { purge: true, quarantine: !hasOwner(context.registry, user.id) });
}

/** The same, unless another command is at it; false when nothing was to do. */
export async function removeOver(context: Context, name: string): Promise<boolean> {
  const removed = await whileFree(context, name, async () => {
    const user = findUser(context.registry, name);
    if (!user || whyOver(context.registry, user) === undefined) return false;
    await eraseOver(context, user);
    return true;
  });
  return removed ?? false;
}

/**
 * Removes a few of the users who are over, on the way to something else. Costs one query when there are
 * none, and never fails: what can't be removed is left to `gc`.
 */
export async function removeSomeOver(context: Context): Promise<void> {
  const quiet = { ...context, progress: silent };
  try {
    for (const { name } of listOver(context.registry).slice(0, mostAtOnce)) {
      await removeOver(quiet, name);
    }
  } catch {
    context.signal.throwIfAborted();
  }
}
