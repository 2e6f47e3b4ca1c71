import { setTimeout as delay } from 'node:timers/promises';
import { docker } from './docker-api.ts';
import { EchoClient, type Target } from './echo-clients.ts';
import { startFlood } from './flood.ts';
import { BenchHome } from './home.ts';
import { medians, percentile } from './measure.ts';
import { echoServer, loop, plainContainer } from './plain-container.ts';
import { apart, type Side } from './processors.ts';
import type { Row } from './report.ts';

const rounds = 15;
const roundMs = 2_000;
/** Between the beginnings of one user's calls: far below what their cap lets them do. */
const paceMs = 4;
/** Until the code on their way is compiled. */
const warmUpCalls = 5_000;
const cpus = 0.5;
const budget = 1.2;

/**
 * Calls of one user beside a flood of calls of another one's server. With a processor for each of them, against
 * the same alone: nothing else is shared that would cost a neighbour. On shared processors, where whatever a
 * neighbour does within their cap costs something, against a container without mcpd that has the same
 * cap: one that computes on all processors, and one that is flooded alike. The flood's clients, on no
 * tenant's account, run at the lowest priority.
 */
export async function benchIsolation(): Promise<Row[]> {
  using home = new BenchHome();
  try {
    const [alice, bob] = ['alice', 'bob'].map((name) => addUser(home, name));
    if (!alice || !bob) throw new Error('there are no two users');
    const behind = {
      alice: await containerBehind(alice.port),
      bob: await containerBehind(bob.port),
    };
    const image = behind.bob.ImageID;
    await using computing = await plainContainer({ image, cpus, script: loop });
    await using echoing = await plainContainer({ image, cpus, script: echoServer });
    await using plainFlood = await echoing.during(() => startFlood(echoing));
    await using flood = await startFlood(bob);
    const client = await EchoClient.open(alice);
    for (let left = warmUpCalls; left > 0; left -= 1) await call(client);
    const measure = () => p99(client);
    const sides: [Side, Side] = [
      { container: behind.bob.Id, port: bob.port, pids: [flood.pid] },
      { container: behind.alice.Id, port: alice.port, pids: [process.pid] },
    ];
    const p99s = await medians(
      {
        alone: measure,
        besideLoop: () => computing.during(measure),
        besidePlainFlood: () => echoing.during(() => plainFlood.during(measure)),
        besideFlood: () => flood.during(measure),
        aloneApart: () => apart(sides, measure),
        besideFloodApart: () => apart(sides, () => flood.during(measure)),
      },
      rounds,
    );
    await client.close();
    const { alone, besideLoop, besidePlainFlood, besideFlood, aloneApart, besideFloodApart } = p99s;
    const what = '`tools/call` of one user, p99, beside a flood of another’s';
    const other = `alone: ${alone.toFixed(2)} ms`;
    return [
      row(`${what}, a processor for each`, besideFloodApart, { against: 'alone', ms: aloneApart }),
      row(what, besideFlood, {
        against: 'beside a loop on each processor in the same cap',
        ms: besideLoop,
        other,
      }),
      row(what, besideFlood, {
        against: 'beside a plain HTTP server in the same cap, flooded alike',
        ms: besidePlainFlood,
      }),
    ];
  } finally {
    for (const name of ['alice', 'bob']) home.run(['user', 'remove', name, '--purge', '--yes']);
  }
}

function addUser(home: BenchHome, name: string): Target {
  const flags = ['--server', 'everything', '--cpus', `${cpus}`];
  const added = home.json<{ servers: { port: number }[]; token: string }>([
    'user',
    'add',
    name,
    ...flags,
  ]);
  return { port: added.servers[0]?.port ?? 0, token: added.token };
}

interface Container {
  readonly Id: string;
  /** It has Node, for containers without mcpd. */
  readonly ImageID: string;
  readonly Ports: readonly { readonly PublicPort?: number }[];
}

async function containerBehind(port: number): Promise<Container> {
  const containers = await docker<Container[]>('/containers/json');
  const found = containers.find(({ Ports }) => Ports.some((one) => one.PublicPort === port));
  if (!found) throw new Error(`no container publishes ${port}`);
  return found;
}

async function call(client: EchoClient): Promise<void> {
  await client.call('echo', { message: 'hello' });
}

/** Calls at a steady pace. */
async function p99(client: EchoClient): Promise<number> {
  const times: number[] = [];
  const start = performance.now();
  for (let next = start; next < start + roundMs; next += paceMs) {
    await delay(Math.max(0, next - performance.now()));
    const called = performance.now();
    await call(client);
    times.push(performance.now() - called);
  }
  return percentile(times, 0.99);
}

interface Yardstick {
  readonly against: string;
  readonly ms: number;
  /** What else there is to know. */
  readonly other?: string;
}

function row(what: string, ms: number, { against, ms: yardstick, other }: Yardstick): Row {
  const ratio = ms / yardstick;
  return {
    what,
    measured: `${ms.toFixed(2)} ms, ${ratio.toFixed(2)}×`,
    against: `${against}: ${yardstick.toFixed(2)} ms${other ? `; ${other}` : ''}`,
    budget: `≤ ${budget}×`,
    verdict: ratio <= budget ? 'met' : 'over',
  };
}
