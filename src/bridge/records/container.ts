import { join } from 'node:path';
import { countOomKills } from '../oom.ts';
import { readText } from '../proc-file.ts';

/** What the kernel has counted of this container since it started; 0 where it counts nothing. */
export interface ContainerFigures {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** The most there ever was. */
  readonly memoryPeakBytes: number;
  readonly oomKills: number;
}

/** Reads the cgroup's files, of version 2 and then 1. */
export function readContainer(cgroup = '/sys/fs/cgroup'): ContainerFigures {
  const first = (files: readonly string[], pattern = /^(\d+)/): number => {
    for (const file of files) {
      const found = pattern.exec(readText(join(cgroup, file)))?.[1];
      if (found !== undefined) return Number(found);
    }
    return 0;
  };
  return {
    cpuSeconds:
      first(['cpu.stat'], /^usage_usec (\d+)$/m) / 1e6 ||
      first(['cpuacct/cpuacct.usage', 'cpu,cpuacct/cpuacct.usage']) / 1e9,
    memoryBytes: first(['memory.current', 'memory/memory.usage_in_bytes']),
    memoryPeakBytes: first(['memory.peak', 'memory/memory.max_usage_in_bytes']),
    oomKills: countOomKills(cgroup),
  };
}
