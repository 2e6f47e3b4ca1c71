import { readFile } from 'node:fs/promises';

/** Where engines put a container's memory group, by cgroup version and driver. */
const places = [
  (id: string) => `/sys/fs/cgroup/system.slice/docker-${id}.scope/memory.events`,
  (id: string) => `/sys/fs/cgroup/docker/${id}/memory.events`,
  (id: string) => `/sys/fs/cgroup/memory/docker/${id}/memory.oom_control`,
  (id: string) => `/sys/fs/cgroup/memory/system.slice/docker-${id}.scope/memory.oom_control`,
];

/**
 * How many processes of a running container the kernel has killed for lack of memory, since it started.
 * The engine only tells of the container's own end. Undefined when the engine's groups are not here.
 */
export async function oomKills(containerId: string): Promise<number | undefined> {
  for (const place of places) {
    const text = await readFile(place(containerId), 'utf8').catch(() => undefined);
    if (text !== undefined) return parseOomKills(text);
  }
  return undefined;
}

/** Reads the line `oom_kill N`, which both versions have. */
export function parseOomKills(text: string): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return count === undefined ? undefined : Number(count);
}
