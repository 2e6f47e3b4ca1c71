import type { AuditLine } from './audit-line.ts';
import { emptyCounters, latencyBucket, type Counters, type UsageHour } from './usage.ts';

/** Clients choose names; what comes after this many in an hour is counted together. */
const namesAtMost = 256;
const others = '(others)';

export type Counted = Pick<
  AuditLine,
  'method' | 'target' | 'outcome' | 'ms' | 'bytesIn' | 'bytesOut'
>;

export function emptyHour(hour: number): UsageHour {
  return {
    hour,
    counters: new Map(),
    cpuSeconds: 0,
    memoryPeakBytes: 0,
    oomKills: 0,
    restarts: 0,
  };
}

/** Adds one request to its hour: what a roll-up says is the sum of these over the audit. */
export function count(usage: UsageHour, line: Counted): void {
  const counters = countersFor(usage, nameOf(line));
  counters.calls += 1;
  if (line.outcome === 'error' || line.outcome === 'lost') counters.errors += 1;
  if (line.outcome === 'refused') counters.refusals += 1;
  counters.bytesIn += line.bytesIn;
  counters.bytesOut += line.bytesOut;
  const bucket = latencyBucket(line.ms);
  counters.latency[bucket] = (counters.latency[bucket] ?? 0) + 1;
}

function nameOf({ method, target }: Counted): string {
  return method === 'tools/call' ? `${method}:${target ?? ''}` : method;
}

function countersFor({ counters }: UsageHour, name: string): Counters {
  const there = counters.get(name);
  if (there) return there;
  const isFull = counters.size >= namesAtMost && name !== others;
  if (isFull) return counters.get(others) ?? add(counters, others);
  return add(counters, name);
}

function add(counters: Map<string, Counters>, name: string): Counters {
  const empty = emptyCounters();
  counters.set(name, empty);
  return empty;
}
