/** What was done with one tool, or by one other method such as `tools/list`. */
export interface Counters {
  calls: number;
  /** JSON-RPC errors, errors of the tool itself, and answers that were lost. */
  errors: number;
  /** Refused by policy, rate or scope; they are counted in `calls` too. */
  refusals: number;
  bytesIn: number;
  bytesOut: number;
  /** Calls by duration: bucket i holds those of less than 2^i ms and not less than 2^(i-1). */
  latency: number[];
}

/** What one server did in one hour: a line of `usage.jsonl` in its log folder; the hour under way is in `usage.now`. */
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
  return { calls: 0, errors: 0, refusals: 0, bytesIn: 0, bytesOut: 0, latency: [] };
}

/** The bucket of a duration. */
export function latencyBucket(ms: number): number {
  return ms < 1 ? 0 : Math.min(latencyBuckets - 1, Math.floor(Math.log2(ms)) + 1);
}

type Row = [name: string, ...numbers: number[]];

/** Short, since a report reads hundreds of thousands of them: arrays, and only buckets that hold something. */
export function encodeUsage(usage: UsageHour): string {
  const { hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, counters } = usage;
  const rows = [...counters].map(([name, one]): Row => {
    const latency = one.latency.flatMap((count, bucket) => (count > 0 ? [bucket, count] : []));
    return [name, one.calls, one.errors, one.refusals, one.bytesIn, one.bytesOut, ...latency];
  });
  return JSON.stringify([hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, ...rows]);
}

/** Of the text's first line; undefined for one that was cut off. */
export function decodeUsage(text: string): UsageHour | undefined {
  let parts;
  try {
    parts = JSON.parse(text.split('\n', 1)[0] ?? '') as [
      number,
      number,
      number,
      number,
      number,
      ...Row[],
    ];
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts)) return undefined;
  const [hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, ...rows] = parts;
  const counters = new Map(
    rows.map(([name, calls = 0, errors = 0, refusals = 0, bytesIn = 0, bytesOut = 0, ...rest]) => {
      const latency: number[] = [];
      for (let at = 0; at < rest.length; at += 2) latency[rest[at] ?? 0] = rest[at + 1] ?? 0;
      return [name, { calls, errors, refusals, bytesIn, bytesOut, latency }] as const;
    }),
  );
  return { hour, cpuSeconds, memoryPeakBytes, oomKills, restarts, counters };
}
