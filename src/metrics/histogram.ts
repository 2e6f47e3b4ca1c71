import { Histogram, type Registry } from 'prom-client';
import { bucketBounds, latencyBuckets } from '../records/usage.ts';

export type ServerLabels = Readonly<Record<'user' | 'server', string>>;

/**
 * A histogram of what was counted elsewhere. prom-client's own takes one duration at a time, and has no
 * way to be given counts.
 */
export class RecordedHistogram extends Histogram<'user' | 'server'> {
  readonly #about: { readonly name: string; readonly help: string };
  readonly #values: Value[] = [];

  constructor(name: string, help: string, registers: Registry[]) {
    super({ name, help, registers, labelNames: ['user', 'server'], buckets: bounds });
    this.#about = { name, help };
  }

  /** `latency` holds counts by bucket, as in the records. */
  record(labels: ServerLabels, latency: readonly number[]): void {
    const { name } = this.#about;
    const add = (metricName: string, value: number, le?: number | '+Inf') =>
      this.#values.push({
        metricName,
        value,
        labels: le === undefined ? labels : { ...labels, le },
      });
    let count = 0;
    let seconds = 0;
    for (let bucket = 0; bucket < latencyBuckets; bucket += 1) {
      const here = latency[bucket] ?? 0;
      count += here;
      seconds += here * middleSeconds(bucket);
      add(`${name}_bucket`, count, bounds[bucket] ?? '+Inf');
    }
    add(`${name}_sum`, seconds);
    add(`${name}_count`, count);
  }

  override async get() {
    const { name, help } = this.#about;
    return { name, help, type: 'histogram', values: this.#values, aggregator: 'sum' } as never;
  }

  /** What the registry asks for its text. */
  getForPromString() {
    return this.get();
  }
}

interface Value {
  readonly metricName: string;
  readonly value: number;
  readonly labels: ServerLabels & { readonly le?: number | '+Inf' };
}

/** In seconds; the last bucket has none. */
const bounds = Array.from({ length: latencyBuckets - 1 }, (_, bucket) => {
  const [, below] = bucketBounds(bucket);
  return below / 1000;
});

/** Durations are not kept, so the sum is an estimate: as if each call took the middle of its bucket. */
function middleSeconds(bucket: number): number {
  const [from, below] = bucketBounds(bucket);
  return (below === Infinity ? from : (from + below) / 2) / 1000;
}
