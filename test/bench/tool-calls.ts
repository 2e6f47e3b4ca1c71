import {
  compareRow,
  forEach,
  lightServer,
  names,
  nodeServer,
  starts,
  type Name,
} from './contestants.ts';
import { EchoClient, type Target } from './echo-clients.ts';
import { median, percentile } from './measure.ts';
import type { Row } from './report.ts';

const seconds = 1;
const rounds = 9;

/**
 * Calls of `echo` by some clients at once, by all contestants in turns. Judged is what stands before a
 * server that costs next to nothing; before one in Node, which takes most of the machine, it is shown.
 */
export async function benchToolCalls(): Promise<Row[]> {
  const judged = await benchBefore(lightServer, [1, 8, 32]);
  const shown = await benchBefore(nodeServer, [1, 8]);
  return [
    ...judged,
    ...shown.map((row): Row => {
      return { ...row, what: `${row.what}, server in Node`, budget: '', verdict: '' };
    }),
  ];
}

async function benchBefore(server: readonly string[], loads: readonly number[]): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const running = await forEach(async (name) => stack.use(await starts[name](server)));
  const rows: Row[] = [];
  for (const clients of loads) rows.push(...(await benchClients(running, clients)));
  return rows;
}

async function benchClients(
  running: Readonly<Record<Name, Target>>,
  clients: number,
): Promise<Row[]> {
  const loads = await forEach((name) =>
    Promise.all(Array.from({ length: clients }, () => EchoClient.open(running[name]))),
  );
  const times = await forEach(async () => [] as number[][]);
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const took = await callFor(loads[name], seconds);
      if (round > 0) times[name].push(took);
    }
  }
  await forEach((name) => Promise.all(loads[name].map((client) => client.close())));

  const what = `\`tools/call\` echo, ${clients} client${clients === 1 ? '' : 's'}`;
  const perSecond = (took: number[][]): number =>
    median(took.map(({ length }) => length)) / seconds;
  const figures = (measure: (took: number[][]) => number): Record<Name, number> =>
    Object.fromEntries(names.map((name) => [name, measure(times[name])])) as Record<Name, number>;
  return [
    compareRow({
      what,
      figures: figures(perSecond),
      format: (figure) => `${Math.round(figure)}/s`,
      budget: { atLeast: 2.5 },
    }),
    compareRow({
      what: `${what}, p50`,
      figures: figures((took) => median(took.flat())),
      format: formatMs,
      budget: { atMost: 0.5 },
    }),
    compareRow({
      what: `${what}, p99`,
      figures: figures((took) => percentile(took.flat(), 0.99)),
      format: formatMs,
      budget: { atMost: 1 },
    }),
  ];
}

/** Milliseconds of each call of all clients together. */
export async function callFor(
  clients: readonly EchoClient[],
  forSeconds: number,
): Promise<number[]> {
  const deadline = performance.now() + forSeconds * 1000;
  const times = await Promise.all(clients.map((client) => client.echoUntil(deadline)));
  return times.flat();
}

function formatMs(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}
