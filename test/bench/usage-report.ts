import { BenchHome } from './home.ts';
import { median, timed } from './measure.ts';
import type { Row } from './report.ts';
import { fillUsage } from './usage-home.ts';

const rounds = 7;
const budget = { seconds: 1, mebibytes: 150 };

/** A week of 1,000 users with one to three servers, 10 million requests, ranked by user. */
export async function benchUsageReport(): Promise<Row[]> {
  using home = new BenchHome();
  fillUsage(home.root, { users: 1000, hours: 167, requests: 10_000_000, now: Date.now() });
  const args = ['report', '--all', '--since', '7d'];
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const tookMs = await timed(() => home.run(args));
    if (round > 0) times.push(tookMs);
  }
  const seconds = median(times) / 1000;
  const mebibytes = home.peakMemoryMib(args);
  const isMet = seconds <= budget.seconds && mebibytes <= budget.mebibytes;
  return [
    {
      what: '`mcpd report --all --since 7d`, 1,000 users, 10 million requests',
      measured: `${seconds.toFixed(2)} s, ${Math.round(mebibytes)} MiB`,
      against: '',
      budget: `≤ ${budget.seconds} s, ≤ ${budget.mebibytes} MiB`,
      verdict: isMet ? 'met' : 'over',
    },
  ];
}
