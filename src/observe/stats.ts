import * as z from 'zod';
import type { Clock } from '../clock.ts';
import type { Context } from '../context.ts';
import { containersByServer } from '../reconcile/observed.ts';
import { oomKills } from '../host/cgroup.ts';
import { decodeUsageSum } from '../records/usage.ts';
import { logFolder } from '../reconcile/desired.ts';
import { currentLine } from '../report/read.ts';
import { storageResult, storageUsage } from '../storage/usage.ts';
import { selectServers, userScope, type Target } from './selection.ts';

export const statsResult = z.object({
  servers: z.array(
    z.object({
      user: z.string(),
      server: z.string(),
      state: z.string().describe('of the container; absent: there is none'),
      restarts: z.int(),
      oomKills: z.int().describe('processes killed for lack of memory since the last start'),
      thisHour: z
        .object({
          calls: z.int(),
          errors: z.int(),
          refusals: z.int(),
          callsPerMinute: z.number().describe('on average, since the hour began'),
        })
        .describe('requests since the hour began'),
      storage: storageResult.describe('of the user’s workspace, which all their servers share'),
      usage: z
        .object({
          cpuPercent: z.number().describe('of one CPU'),
          cpuSeconds: z.number().describe('since the container was started'),
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
  const containers = containersByServer(servers);
  const rows = selected.map(async ({ user, server }) => {
    const container = containers.get(server.id);
    const storage = storageUsage(context, user, { measure: false });
    const isRunning = container?.state === 'running';
    const [sample, kills] = isRunning
      ? await Promise.all([engine.stats(container.containerId), oomKills(container.containerId)])
      : [];
    return {
      user: user.name,
      server: server.name,
      state: container?.state ?? 'absent',
      restarts: container?.restarts ?? 0,
      storage: await storage,
      oomKills: kills ?? Number(container?.oomKilled ?? false),
      thisHour: thisHour(currentLine(logFolder(context.home, user.id, server.id)), context.clock),
      usage: sample ? { ...sample, cpus: container?.limits.cpus ?? 0 } : null,
    };
  });
  return { servers: await Promise.all(rows) };
}

const hourMs = 3_600_000;

/** From the line of the hour under way, which stays until the next request when nobody calls. */
export function thisHour(line: string | undefined, clock: Clock) {
  const usage = line === undefined ? undefined : decodeUsageSum(line.slice(0, line.indexOf(']')));
  const now = clock.now();
  const isPresent = usage !== undefined && usage.hour === Math.floor(now / hourMs);
  const { calls, errors, refusals } = isPresent ? usage.sum : { calls: 0, errors: 0, refusals: 0 };
  const minutes = Math.max(1, (now % hourMs) / 60_000);
  return { calls, errors, refusals, callsPerMinute: Number((calls / minutes).toFixed(1)) };
}
