import type { Context } from '../context.ts';
import { listLeases } from '../registry/leases.ts';
import { isAlive } from '../registry/processes.ts';
import { listUsers } from '../registry/users.ts';
import { whileFree } from '../user/lease.ts';
import { discardStaging, findStaging, restoreLease } from './staging.ts';

/** The folder that a killed restore left; undefined when there is none, or one is under way. */
export function findAbandoned({ home, registry }: Context): string | undefined {
  const folder = findStaging(home);
  if (folder === undefined) return undefined;
  const isHeld = listLeases(registry).some(
    (lease) => lease.userName === restoreLease && isAlive(lease),
  );
  return isHeld ? undefined : folder;
}

/** Takes away what a killed restore left, unless one is under way. True when there was something. */
export async function discardAbandoned(context: Context): Promise<boolean> {
  const { home, registry } = context;
  if (findAbandoned(context) === undefined) return false;
  const discarded = await whileFree(context, restoreLease, async () => {
    const isThere = findStaging(home) !== undefined;
    const ids = new Set(listUsers(registry).map(({ id }) => id));
    discardStaging(home, (id) => ids.has(id));
    return isThere;
  });
  return discarded ?? false;
}
