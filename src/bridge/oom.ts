import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText } from './proc-file.ts';

/**
 * How many processes of this container the kernel has killed for want of memory, from the cgroup's
 * own counter (version 2, then 1); 0 where there is none.
 */
export function countOomKills(cgroup = '/sys/fs/cgroup'): number {
  for (const file of ['memory.events', 'memory/memory.oom_control']) {
    const count = /^oom_kill (\d+)$/m.exec(readText(join(cgroup, file)))?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

/**
 * Starts a child that the kernel prefers to the bridge when memory runs out: the score is inherited at
 * fork, so it is raised around the call and put back. Raising needs no right, and neither does going
 * back to the score one had. Where it can't be written, the child starts all the same.
 */
export function spawnAsOomVictim<Child>(
  spawn: () => Child,
  file = '/proc/self/oom_score_adj',
): Child {
  const before = readText(file).trim();
  const isRaised = before !== '' && writeText(file, '1000');
  try {
    return spawn();
  } finally {
    if (isRaised) writeText(file, before);
  }
}

function writeText(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}
