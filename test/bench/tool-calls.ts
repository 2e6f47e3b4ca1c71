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
import { onOneProcessor } from './processors.ts';
import type { Row } from './report.ts';

const seconds = 1;
const rounds = 9;
/** So many are not counted: compilers take thousands of calls to see what is worth compiling. */
const warmUps = 3;

/**
 * Calls of `echo` by some clients at once, by all contestants in turns. Judged is what stands before a
 * server that costs next to nothing. Shown is what it comes to for one client where all share a processor,
 * and before a server in Node, which takes most of the machine.
 */
export async function benchToolCalls(): Promise<Row[]> {
  const judged = await benchBefore(lightServer, [1, 8, 32]);
  const together = await benchTogether(lightServer, [1]);
  const beforeNode = await benchBefore(nodeServer, [1, 8]);
  return [
    ...judged,
    ...together.map((row) => unjudged(row, 'all on one processor')),
    ...beforeNode.map((row) => unjudged(row, 'server in Node')),
  ];
}

function unjudged(row: Row, how: string): Row {
  return { ...row, what: `${row.what}, ${how}`, budget: '', verdict: '' };
}

async function benchTogether(server: readonly string[], loads: readonly number[]): Promise<Row[]> {
  using _ = onOneProcessor();
  return await benchBefore(server, loads);
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
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const name of names) {
      const took = await callFor(loads[name], seconds);
      if (round >= 0) times[name].push(took);
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
