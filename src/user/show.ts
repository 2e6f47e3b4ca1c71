import type { z } from 'zod';
import type { Context } from '../context.ts';
import { guarantees } from './guarantees.ts';
import { listServers } from '../registry/servers.ts';
import { getUser, listUsers } from '../registry/users.ts';
import { listSecrets } from '../secrets/vault.ts';
import { describeObserved, observeOrStale } from './describe.ts';
import { describeUser, type userListResult, type userShowResult } from './result.ts';

export async function showUser(
  context: Context,
  name: string,
): Promise<z.infer<typeof userShowResult>> {
  const user = getUser(context.registry, name);
  const { observed, stale } = await observeOrStale(context, user.id);
  return {
    ...describeObserved(context, { userId: user.id, ready: new Set(), observed }),
    stale,
    secrets: listSecrets(context.registry, user.id).map((secret) => secret.name),
    guarantees: guarantees(context, user),
  };
}

/** From the registry alone: it must be fast, and work without an engine. */
export function listAllUsers(context: Context): z.infer<typeof userListResult> {
  const { registry, config, home } = context;
  const counts = new Map<string, number>();
  for (const { userId } of listServers(registry)) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return {
    users: listUsers(registry).map((user) => ({
      ...describeUser(user, { config, home, instance: registry.instance }),
      servers: counts.get(user.id) ?? 0,
      down: user.down,
    })),
  };
}
