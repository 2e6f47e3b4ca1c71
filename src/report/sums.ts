import { addCounters, emptyCounters, type Counters, type UsageSum } from '../records/usage.ts';

/** What a container used; not known by tool. */
export interface Resources {
  cpuSeconds: number;
  /** The most of any one server in any one hour. */
  memoryPeakBytes: number;
  oomKills: number;
  restarts: number;
}

/** What was counted for one row of a report. */
export interface Sums {
  readonly counters: Counters;
  readonly resources: Resources;
}

export function emptySums(): Sums {
  return {
    counters: emptyCounters(),
    resources: { cpuSeconds: 0, memoryPeakBytes: 0, oomKills: 0, restarts: 0 },
  };
}

export function addUsage(sums: Sums, usage: UsageSum): void {
  addCounters(sums.counters, usage.sum);
  addResources(sums.resources, usage);
}

/** All of them together, in any order. */
export function mergeSums(all: Iterable<Sums>): Sums {
  const merged = emptySums();
  for (const { counters, resources } of all) {
    addCounters(merged.counters, counters);
    addResources(merged.resources, resources);
  }
  return merged;
}

function addResources(sum: Resources, more: Readonly<Resources>): void {
  sum.cpuSeconds += more.cpuSeconds;
  sum.memoryPeakBytes = Math.max(sum.memoryPeakBytes, more.memoryPeakBytes);
  sum.oomKills += more.oomKills;
  sum.restarts += more.restarts;
}
