import { percentileMs } from './percentile.ts';
import type { Figures } from './result.ts';
import type { Sums } from './sums.ts';

/** What a row says, worked out from what was counted. */
export function figuresOf({ counters, resources }: Sums, by: 'tool' | 'other' = 'other'): Figures {
  const { calls, errors, refusals, latency, bytesIn, bytesOut } = counters;
  const { cpuSeconds, ...counts } = resources;
  return {
    calls,
    errors,
    refusals,
    errorRate: calls === 0 ? 0 : rounded(errors / calls, 5),
    latencyMs: {
      p50: milliseconds(percentileMs(latency, 0.5)),
      p95: milliseconds(percentileMs(latency, 0.95)),
      p99: milliseconds(percentileMs(latency, 0.99)),
    },
    bytesIn,
    bytesOut,
    resources: by === 'tool' ? null : { cpuSeconds: rounded(cpuSeconds, 3), ...counts },
    storageBytes: null,
    storageQuotaBytes: null,
  };
}

function milliseconds(value: number | null): number | null {
  return value === null ? null : rounded(value, 2);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
