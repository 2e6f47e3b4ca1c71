import type Docker from 'dockerode';
import type { Sample } from '../engine.ts';
import { hasStatus } from './errors.ts';

/** One sample over about a second, or at once; undefined when the container isn't running. */
export async function containerStats(
  docker: Docker,
  id: string,
  { atOnce = false, ...until }: { readonly atOnce?: boolean; readonly abortSignal: AbortSignal },
): Promise<Sample | undefined> {
  try {
    const options = { stream: false, 'one-shot': atOnce, ...until } as const;
    return toSample(await docker.getContainer(id).stats(options));
  } catch (error) {
    if (hasStatus(error, 404, 409)) return undefined;
    throw error;
  }
}

function toSample(stats: Docker.ContainerStats): Sample | undefined {
  // A stopped container has no counters.
  if (!stats.memory_stats?.limit) return undefined;
  const networks = Object.values(stats.networks ?? {});
  return {
    cpuPercent: cpuPercent(stats),
    cpuSeconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
    memoryBytes: usedMemory(stats.memory_stats),
    memoryCapBytes: stats.memory_stats.limit,
    pids: stats.pids_stats?.current ?? 0,
    pidsCap: stats.pids_stats?.limit ?? 0,
    receivedBytes: networks.reduce((sum, network) => sum + network.rx_bytes, 0),
    sentBytes: networks.reduce((sum, network) => sum + network.tx_bytes, 0),
  };
}

function cpuPercent({ cpu_stats: now, precpu_stats: before }: Docker.ContainerStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const elapsed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  return elapsed > 0 ? (used / elapsed) * (now.online_cpus || 1) * 100 : 0;
}

// As `docker stats` does: page cache that the kernel can drop is not use.
function usedMemory(memory: Docker.MemoryStats): number {
  const stats = memory.stats as Partial<Record<string, number>> | undefined;
  const cache = stats?.['total_inactive_file'] ?? stats?.['inactive_file'] ?? 0;
  return Math.max(0, memory.usage - cache);
}
