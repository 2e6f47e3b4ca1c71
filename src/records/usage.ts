/** What was done with one tool, or by one other method such as `tools/list`. */
export interface Counters {
  calls: number;
  /** JSON-RPC errors, errors of the tool itself, and answers that were lost. */
  errors: number;
  /** Refused by policy, rate or scope; they are counted in `calls` too. */
  refusals: number;
  bytesIn: number;
  bytesOut: number;
  /** Calls by duration, `latencyBuckets` of them: bucket i holds those of less than 2^i ms and not less than 2^(i-1). */
  readonly latency: number[];
}

/**
 * What one server did in one hour: a line of `usage.jsonl` in its log folder; the hour under way is in
 * `usage.now`.
 */
export interface UsageHour {
  /** Its start, in whole hours since the epoch. */
  readonly hour: number;
  /** By tool as `tools/call:NAME`, by method for everything else. */
  readonly counters: Map<string, Counters>;
  /** Of the container, in this hour. */
  cpuSeconds: number;
  memoryPeakBytes: number;
  oomKills: number;
  /** Ends of the server's processes that nobody asked for. */
  restarts: number;
}

export const latencyBuckets = 22;

export function emptyCounters(): Counters {
  const latency = Array<number>(latencyBuckets).fill(0);
  return { calls: 0, errors: 0, refusals: 0, bytesIn: 0, bytesOut: 0, latency };
}

/** The bucket of a duration. */
export function latencyBucket(ms: number): number {
  return ms < 1 ? 0 : Math.min(latencyBuckets - 1, Math.floor(Math.log2(ms)) + 1);
}

/** From and below which milliseconds a bucket holds calls. */
export function bucketBounds(bucket: number): readonly [from: number, below: number] {
  return [
    bucket === 0 ? 0 : 2 ** (bucket - 1),
    bucket === latencyBuckets - 1 ? Infinity : 2 ** bucket,
  ];
}

/** What a server did in one hour, all methods together. */
export interface UsageSum extends Omit<UsageHour, 'counters' | 'hour'> {
  hour: number;
  readonly sum: Counters;
}

export function emptyUsageSum(): UsageSum {
  const sum = emptyCounters();
  return { hour: 0, cpuSeconds: 0, memoryPeakBytes: 0, oomKills: 0, restarts: 0, sum };
}

type Row = [name: string, ...numbers: number[]];
type Head = [hour: number, cpu: number, memory: number, oomKills: number, restarts: number];
type Line = [...Head, sum: number[], ...rows: Row[]];

/**
 * Short, since a report reads hundreds of thousands of them: arrays, and only buckets that hold something.
 * The sum of the counters comes first, so that who wants no more can stop at the first `]`.
 */
export function encodeUsage(usage: UsageHour): string {
  const { hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, counters } = usage;
  const sum = emptyCounters();
  for (const one of counters.values()) addCounters(sum, one);
  const rows = [...counters].map(([name, one]): Row => [name, ...toNumbers(one)]);
  const head: Head = [hour, cpuSeconds, memoryPeakBytes, oomKills, restarts];
  return JSON.stringify([...head, toNumbers(sum), ...rows] satisfies Line);
}

/** Of the text's first line; undefined for one that was cut off, or that no bridge wrote. */
export function decodeUsage(text: string): UsageHour | undefined {
  const parts = parse(text.split('\n', 1)[0] ?? '');
  if (parts === undefined) return undefined;
  const [hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, , ...rows] = parts;
  const counters = new Map<string, Counters>();
  for (const row of rows) {
    if (!Array.isArray(row)) return undefined;
    const [name, ...numbers] = row;
    if (typeof name !== 'string' || !numbers.every(isCount)) return undefined;
    const one = emptyCounters();
    fillCounters(one, numbers, 0, numbers.length);
    counters.set(name, one);
  }
  return { hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, counters };
}

/** The same from a line's beginning, up to and without its first `]`: a fraction of the line. */
export function decodeUsageSum(beginning: string): UsageSum | undefined {
  const parts = parse(`${beginning}]]`);
  if (parts === undefined) return undefined;
  const [hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, sum] = parts;
  const numbers = [hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, ...sum];
  const usage = emptyUsageSum();
  fillUsageSum(usage, numbers, numbers.length);
  return usage;
}

/** Makes a sum say what so many numbers at a line's beginning do, in their order. */
export function fillUsageSum(usage: UsageSum, numbers: ArrayLike<number>, count: number): void {
  usage.hour = numbers[0] ?? 0;
  usage.cpuSeconds = numbers[1] ?? 0;
  usage.memoryPeakBytes = numbers[2] ?? 0;
  usage.oomKills = numbers[3] ?? 0;
  usage.restarts = numbers[4] ?? 0;
  fillCounters(usage.sum, numbers, 5, count);
}

/** Adds what `more` counted to `sum`. */
export function addCounters(sum: Counters, more: Counters): void {
  sum.calls += more.calls;
  sum.errors += more.errors;
  sum.refusals += more.refusals;
  sum.bytesIn += more.bytesIn;
  sum.bytesOut += more.bytesOut;
  for (let bucket = 0; bucket < latencyBuckets; bucket += 1) {
    sum.latency[bucket] = (sum.latency[bucket] ?? 0) + (more.latency[bucket] ?? 0);
  }
}

function toNumbers({ calls, errors, refusals, bytesIn, bytesOut, latency }: Counters): number[] {
  const filled = latency.flatMap((count, bucket) => (count > 0 ? [bucket, count] : []));
  return [calls, errors, refusals, bytesIn, bytesOut, ...filled];
}

function fillCounters(
  counters: Counters,
  numbers: ArrayLike<number>,
  from: number,
  until: number,
): void {
  const { latency } = counters;
  counters.calls = numbers[from] ?? 0;
  counters.errors = numbers[from + 1] ?? 0;
  counters.refusals = numbers[from + 2] ?? 0;
  counters.bytesIn = numbers[from + 3] ?? 0;
  counters.bytesOut = numbers[from + 4] ?? 0;
  latency.fill(0);
  for (let at = from + 5; at + 1 < until; at += 2) {
    latency[Math.min(numbers[at] ?? 0, latencyBuckets - 1)] = numbers[at + 1] ?? 0;
  }
}

function parse(text: string): Line | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [hour, cpu, memory, oomKills, restarts, sum] = parts as unknown[];
  const isHead = isCount(hour) && isCount(cpu) && isCount(memory) && isCount(oomKills);
  if (!isHead || !isCount(restarts)) return undefined;
  return Array.isArray(sum) && sum.every(isCount) ? (parts as Line) : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
