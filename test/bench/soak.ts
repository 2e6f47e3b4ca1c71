import { EchoClient } from './echo-clients.ts';
import { startBridge } from './mcpd-bridge.ts';
import { slope } from './measure.ts';
import type { Row } from './report.ts';
import { anonymousMib } from './running.ts';

const atOnce = 4;
/** Many: what the heap gathers between two collections goes up and down by megabytes. */
const samples = 1_200;
/** This share of the sessions warms up: until then the heap is still finding its size. */
const warmUp = 1 / 6;
/** Of every server: the default. */
const sessionsAtOnce = 16;
const budgetMib = 0.5;
/** Of fewer, all are warm-up: they show that the bench runs, and judge nothing. */
const fewest = 30_000;

/** Answers any `initialize`, in a shell's own words, so that starting one costs a few milliseconds. */
const shellServer = [
  'sh',
  '-c',
  `while read -r line; do
    case $line in *'"method":"initialize"'*)
      id=\${line#*'"id":'}
      result='{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"sh","version":"1"}}'
      echo '{"jsonrpc":"2.0","id":'"\${id%%[,\\}]*}"',"result":'"$result"'}'
    esac
  done`,
];

/** Sessions that are opened and left, which is what most clients do, and the bridge's memory all along. */
export async function benchSoak(sessions: number): Promise<Row[]> {
  await using bridge = await startBridge(shellServer, sessionsAtOnce);
  const points: { x: number; y: number }[] = [];
  const start = performance.now();
  let begun = 0;
  const openOneByOne = async (): Promise<void> => {
    while (begun < sessions) {
      begun += 1;
      if (begun % Math.ceil(sessions / samples) === 0) {
        points.push({ x: begun / 10_000, y: await anonymousMib(bridge.pid) });
      }
      const client = await EchoClient.connect(bridge);
      await client.initialize();
      client.abandon();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, openOneByOne));
  const perSecond = (sessions * 1000) / (performance.now() - start);
  const warm = points.filter(({ x }) => x >= (sessions / 10_000) * warmUp);
  const growth = slope(warm);
  const sizes = warm.map(({ y }) => y);
  return [
    {
      what: `memory of its own per 10,000 of ${sessions.toLocaleString('en')} abandoned sessions`,
      measured: `${growth.toFixed(2)} MiB`,
      against: `always ${Math.round(Math.min(...sizes))} to ${Math.round(Math.max(...sizes))} MiB, ${Math.round(perSecond)} sessions/s`,
      budget: `≤ ${budgetMib} MiB`,
      verdict: sessions < fewest ? '' : growth <= budgetMib ? 'met' : 'over',
    },
  ];
}
