import { join } from 'node:path';
import { readText } from './proc-file.ts';

/** How often the kernel has stopped this container for its cap on processors, of version 2 of cgroups or 1; 0 where there is none. */
export function countThrottles(cgroup = '/sys/fs/cgroup'): number {
  for (const file of ['cpu.stat', 'cpu/cpu.stat', 'cpu,cpuacct/cpu.stat']) {
    const count = /^nr_throttled (\d+)$/m.exec(readText(join(cgroup, file)))?.[1];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

/** Whether this process and its children may run on several processors at once. */
export function hasSeveralProcessors(status = readText('/proc/self/status')): boolean {
  return /^Cpus_allowed_list:\s*\d+[-,]/m.test(status);
}
