/** What is compared, by name; each gives the milliseconds of one run. */
type Contestants<Name extends string> = Readonly<Record<Name, () => number | Promise<number>>>;

/**
 * Runs all contestants once per round, so that whatever else the machine does hits them alike, and
 * gives each one's median in milliseconds. A first round is not counted: it warms the caches.
 */
export async function medians<Name extends string>(
  contestants: Contestants<Name>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(contestants) as Name[];
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const tookMs = await contestants[name]();
      if (round > 0) times.get(name)?.push(tookMs);
    }
  }
  const entries = names.map((name) => [name, median(times.get(name) ?? [])]);
  return Object.fromEntries(entries) as Record<Name, number>;
}

/** Milliseconds that one call takes. */
export async function timed(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** The value that this share of all is below: 0.99 for the 99th percentile. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}

/** What `y` grows by when `x` grows by one, by least squares. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (values: number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const covariance = mean(points.map(({ x, y }) => (x - meanX) * (y - meanY)));
  return covariance / mean(points.map(({ x }) => (x - meanX) ** 2));
}

/** The middle value; of an even number, the upper one of the two. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
