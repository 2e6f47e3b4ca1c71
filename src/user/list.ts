import type * as z from 'zod';
import type { Context } from '../context.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers, listUsersOfRun } from '../registry/users.ts';
import { describeUser, type userListResult } from './result.ts';

/** From the registry alone: it must be fast, and work without an engine. */
export function listAllUsers(
  context: Context,
  { runId }: { readonly runId: string | undefined },
): z.infer<typeof userListResult> {
  const { registry, config, home } = context;
  const counts = new Map<string, number>();
  for (const { userId } of listServers(registry)) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  const chosen = runId === undefined ? listUsers(registry) : listUsersOfRun(registry, runId);
  return {
    users: chosen.map((user) => ({
      ...describeUser(user, { config, home, instance: registry.instance }),
      servers: counts.get(user.id) ?? 0,
    })),
  };
}
