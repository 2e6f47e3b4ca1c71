import * as z from 'zod';
import type { Context } from '../context.ts';
import { oomKills } from '../host/cgroup.ts';
import { selectServers, userScope, type Target } from './selection.ts';

export const statsResult = z.object({
  servers: z.array(
    z.object({
      user: z.string(),
      server: z.string(),
      state: z.string().describe('of the container; absent: there is none'),
      restarts: z.int(),
      oomKills: z.int().describe('processes killed for lack of memory since the last start'),
      usage: z
        .object({
          cpuPercent: z.number().describe('of one CPU'),
          cpus: z.number().describe('cap'),
          memoryBytes: z.int(),
          memoryCapBytes: z.int(),
          pids: z.int(),
          pidsCap: z.int(),
          receivedBytes: z.int(),
          sentBytes: z.int(),
        })
        .nullable()
        .describe('null when it does not run'),
    }),
  ),
});

export type StatsResult = z.infer<typeof statsResult>;

/** One sample of what servers use, taken over about a second, all at once. */
export async function takeStats(
  context: Context,
  target: Target | undefined,
): Promise<StatsResult> {
  const { registry } = context;
  const selected = selectServers(registry, target);
  const userId = userScope(target, selected);
  const engine = await context.engine();
  const { servers } = await engine.observe({
    instance: registry.instance,
    ...(userId && { userId }),
  });
  const containers = new Map(servers.map((container) => [container.serverId, container]));
  const rows = selected.map(async ({ user, server }) => {
    const container = containers.get(server.id);
    const isRunning = container?.state === 'running';
    const [sample, kills] = isRunning
      ? await Promise.all([engine.stats(container.containerId), oomKills(container.containerId)])
      : [];
    return {
      user: user.name,
      server: server.name,
      state: container?.state ?? 'absent',
      restarts: container?.restarts ?? 0,
      oomKills: kills ?? Number(container?.oomKilled ?? false),
      usage: sample ? { ...sample, cpus: container?.limits.cpus ?? 0 } : null,
    };
  });
  return { servers: await Promise.all(rows) };
}
