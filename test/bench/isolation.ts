import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { EchoClient } from './echo-clients.ts';
import { BenchHome } from './home.ts';
import { median, percentile } from './measure.ts';
import type { Row } from './report.ts';
import { stop } from './running.ts';

const rounds = 7;
const seconds = 2;
const caps = ['--server', 'everything', '--cpus', '0.5', '--json'];

/**
 * Calls of one user, alone and beside another who calls their own server as fast as their cap lets them.
 * Both are in containers; the flood's clients run at the lowest priority, as they are on no tenant's account.
 */
export async function benchIsolation(): Promise<Row[]> {
  using home = new BenchHome();
  try {
    const [alice, bob] = ['alice', 'bob'].map((name) => addUser(home, name));
    if (!alice || !bob) throw new Error('there are no two users');
    const client = await EchoClient.open(alice);
    const alone: number[] = [];
    const beside: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const quiet = await p99(client);
      const loud = await withFlood(bob, () => p99(client));
      // The first round warms up.
      if (round > 0) {
        alone.push(quiet);
        beside.push(loud);
      }
    }
    await client.close();
    const [ms, aloneMs] = [median(beside), median(alone)];
    return [
      {
        what: '`tools/call` of one user, p99, beside a flood of another’s',
        measured: `${ms.toFixed(2)} ms, ${(ms / aloneMs).toFixed(2)}×`,
        against: `alone: ${aloneMs.toFixed(2)} ms`,
        budget: '',
        verdict: '',
      },
    ];
  } finally {
    for (const name of ['alice', 'bob']) home.run(['user', 'remove', name, '--purge', '--yes']);
  }
}

interface Tenant {
  readonly port: number;
  readonly token: string;
}

function addUser(home: BenchHome, name: string): Tenant {
  const added = home.json<{ servers: { port: number }[]; token: string }>([
    'user',
    'add',
    name,
    ...caps,
  ]);
  return { port: added.servers[0]?.port ?? 0, token: added.token };
}

async function p99(client: EchoClient): Promise<number> {
  return percentile(await client.echoUntil(performance.now() + seconds * 1000), 0.99);
}

async function withFlood<Result>(
  { port, token }: Tenant,
  measure: () => Promise<Result>,
): Promise<Result> {
  const script = join(import.meta.dirname, 'flood.ts');
  const flood = spawn('nice', ['-n', '19', process.execPath, script, `${port}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  flood.stdin.end(token);
  await once(flood.stdout, 'data');
  try {
    return await measure();
  } finally {
    await stop(flood);
  }
}
