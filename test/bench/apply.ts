import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchHome } from './home.ts';
import { medians, timed } from './measure.ts';
import { copyContainer, type RawContainer } from './raw-container.ts';
import { ratioRow, type Row } from './report.ts';

const parallel = 4;
const rounds = 2;

/** Many users by one `apply`, against as many containers made by calls of the engine's API, as many at once. */
export async function benchApply(count = 50): Promise<Row[]> {
  using home = new BenchHome();
  using copies = new BenchHome();
  try {
    const raw = await copyUsers(copies, count);
    const file = writeDocument(home, count);
    const ms = await medians(
      {
        apply: async () => {
          const command = ['apply', '-f', file, '--parallel', String(parallel), '--json'];
          const tookMs = await timed(() => home.run(command));
          prune(home);
          return tookMs;
        },
        raw: async () => {
          const tookMs = await timed(() => each(raw, (one) => one.make()));
          await each(raw, (one) => one.remove());
          return tookMs;
        },
      },
      rounds,
    );
    return [
      ratioRow({
        what: `${count} users by \`mcpd apply --parallel ${parallel}\` to MCP-ready, image built`,
        ms: ms.apply,
        against: 'raw API calls, as many at once',
        againstMs: ms.raw,
        budget: 1.15,
      }),
    ];
  } finally {
    prune(home);
    prune(copies);
  }
}

/** Makes users to have what raw calls can make again. */
async function copyUsers(home: BenchHome, count: number): Promise<RawContainer[]> {
  home.run(['apply', '-f', writeDocument(home, count)]);
  const { users } = home.json<Users>(['user', 'list']);
  const { servers } = home.json<Servers>(['server', 'list']);
  const copies: RawContainer[] = [];
  for (const { name, network } of users) {
    const { value } = home.json<{ value: string }>(['token', 'create', name]);
    const server = servers.find(({ user }) => user === name);
    if (!server) throw new Error(`${name} has no server`);
    const { name: serverName, port } = server;
    copies.push(
      await copyContainer({ network: network.name, server: serverName, port, token: value }),
    );
  }
  return copies;
}

interface Users {
  readonly users: readonly { readonly name: string; readonly network: { readonly name: string } }[];
}

interface Servers {
  readonly servers: readonly {
    readonly user: string;
    readonly name: string;
    readonly port: number;
  }[];
}

/** Caps are small, so that the memory of any host suffices for what all of them are promised. */
function writeDocument({ root }: BenchHome, count: number): string {
  const names = Array.from({ length: count }, (_, index) => `user-${index}`);
  const users = Object.fromEntries(names.map((name) => [name, { group: 'small' }]));
  const groups = { small: { memory: '96m' } };
  const file = join(root, 'tenants.json');
  writeFileSync(file, JSON.stringify({ version: 1, groups, users }));
  return file;
}

/** Removes all users, and what raw calls made, since it carries their labels. */
function prune(home: BenchHome): void {
  const file = join(home.root, 'nobody.json');
  writeFileSync(file, JSON.stringify({ version: 1 }));
  home.run(['apply', '-f', file, '--prune', '--yes', '--parallel', '8']);
}

/** As many at once as `apply` does. */
async function each<Item>(
  items: readonly Item[],
  change: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const work = async () => {
    for (const item of left) await change(item);
  };
  await Promise.all(Array.from({ length: parallel }, work));
}
