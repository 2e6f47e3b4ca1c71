import type * as z from 'zod';
import type { Context } from '../context.ts';
import { guarantees } from './guarantees.ts';
import { getUser } from '../registry/users.ts';
import { listSecrets } from '../secrets/vault.ts';
import { describeUserAndServers, observeOrStale } from './describe.ts';
import type { userShowResult } from './result.ts';

export async function showUser(
  context: Context,
  name: string,
): Promise<z.infer<typeof userShowResult>> {
  const user = getUser(context.registry, name);
  const { observed, stale } = await observeOrStale(context, user.id);
  return {
    ...describeUserAndServers(context, user.id, { ready: new Set(), observed }),
    stale,
    secrets: listSecrets(context.registry, user.id).map((secret) => secret.name),
    guarantees: guarantees(context, user),
  };
}
