import { bucketBounds } from '../records/usage.ts';

/**
 * Estimates a percentile in ms from counts by bucket: the bucket that holds it is known, and within it
 * calls are taken to be spread evenly, as Prometheus does. So it is off by less than half or twice. Of
 * the last bucket, which is open, it is the beginning. Null without calls.
 */
export function percentileMs(latency: readonly number[], share: number): number | null {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  // 0.95 of 60 is a little more than 57 in binary.
  const rank = Number((share * total).toFixed(6));
  let below = 0;
  for (let bucket = 0; bucket < latency.length; bucket += 1) {
    const count = latency[bucket] ?? 0;
    if (count > 0 && below + count >= rank) {
      const [from, to] = bucketBounds(bucket);
      return to === Infinity ? from : from + (to - from) * ((rank - below) / count);
    }
    below += count;
  }
  return null;
}
