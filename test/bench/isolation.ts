import { setTimeout as delay } from 'node:timers/promises';
import { docker } from './docker-api.ts';
import { EchoClient, type Target } from './echo-clients.ts';
import { startFlood } from './flood.ts';
import { BenchHome } from './home.ts';
import { medians, percentile } from './measure.ts';
import { echoServer, loop, plainContainer } from './plain-container.ts';
import { keepBeside, twoProcessors } from './processors.ts';
import type { Row } from './report.ts';

const rounds = 15;
/** Where it is told apart from nothing at all. */
const ownRounds = 25;
const roundMs = 2_000;
/** Between the beginnings of one user's calls: far below what their cap lets them do. */
const paceMs = 4;
/** Until the code on their way is compiled. */
const warmUpCalls = 5_000;
const cpus = 0.5;
const budget = 1.2;

/**
 * Calls of one user beside a flood of calls of another one's server. First on shared processors, where whatever a
 * neighbour does within their cap costs something, against a container without mcpd that has the same cap: one
 * that computes on all processors, and one that is flooded alike. Then in a cpuset each, against the same alone: nothing
 * else is shared that would cost a neighbour but the machine itself, which a loop in the other one's cpuset shows. The
 * flood's clients, on no tenant's account, run at the lowest priority.
 */
export async function benchIsolation(): Promise<Row[]> {
  using home = new BenchHome();
  try {
    const [alice, bob] = ['alice', 'bob'].map((name) => addUser(home, name));
    if (!alice || !bob) throw new Error('there are no two users');
    const image = await imageBehind(bob.port);
    await using computing = await plainContainer({ image, cpus, script: loop });
    await using echoing = await plainContainer({ image, cpus, script: echoServer });
    await using plainFlood = await echoing.during(() => startFlood(echoing));
    await using flood = await startFlood(bob);
    const client = await EchoClient.open(alice);
    for (let left = warmUpCalls; left > 0; left -= 1) await call(client);
    const measure = () => p99(client);
    const shared = await medians(
      {
        alone: measure,
        besideLoop: () => computing.during(measure),
        besidePlainFlood: () => echoing.during(() => plainFlood.during(measure)),
        besideFlood: () => flood.during(measure),
      },
      rounds,
    );
    const [first, last] = twoProcessors();
    home.run(['user', 'update', 'bob', '--cpuset', first]);
    home.run(['user', 'update', 'alice', '--cpuset', last]);
    using _bobs = keepBeside(first, { pids: [flood.pid], port: bob.port });
    using _alices = keepBeside(last, { pids: [process.pid], port: alice.port });
    await computing.keepOn(first);
    const own = await medians(
      {
        alone: measure,
        besideLoop: () => computing.during(measure),
        besideFlood: () => flood.during(measure),
      },
      ownRounds,
    );
    await client.close();
    const what = '`tools/call` of one user, p99, beside a flood of another’s';
    const apart = `${what}, a \`cpuset\` for each`;
    return [
      row(apart, own.besideFlood, { against: 'alone', ms: own.alone }),
      row(apart, own.besideFlood, {
        against: 'beside a loop in the same cap in the other’s `cpuset`',
        ms: own.besideLoop,
      }),
      row(what, shared.besideFlood, {
        against: 'beside a loop on each processor in the same cap',
        ms: shared.besideLoop,
        other: `alone: ${shared.alone.toFixed(2)} ms`,
      }),
      row(what, shared.besideFlood, {
        against: 'beside a plain HTTP server in the same cap, flooded alike',
        ms: shared.besidePlainFlood,
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
  readonly ImageID: string;
  readonly Ports: readonly { readonly PublicPort?: number }[];
}

/** That of the container which publishes a port. It has Node, for containers without mcpd. */
async function imageBehind(port: number): Promise<string> {
  const containers = await docker<Container[]>('/containers/json');
  const found = containers.find(({ Ports }) => Ports.some((one) => one.PublicPort === port));
  if (!found) throw new Error(`no container publishes ${port}`);
  return found.ImageID;
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
