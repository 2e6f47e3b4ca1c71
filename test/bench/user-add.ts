import { setTimeout as delay } from 'node:timers/promises';
import { handshake } from '../../src/ready/handshake.ts';
import { docker } from './docker-api.ts';
import { BenchHome } from './home.ts';
import { medians, timed } from './measure.ts';
import { ratioRow, type Row } from './report.ts';

const rounds = 15;

/** `user add` of a built template, against the same container made by calls of the engine's API. */
export async function benchUserAdd(): Promise<Row[]> {
  using home = new BenchHome();
  try {
    const raw = await copyContainer(home);
    const ms = await medians(
      {
        add: async () => {
          const tookMs = await timed(() => home.run(['user', 'add', 'measured', '--json']));
          home.run(['user', 'remove', 'measured', '--purge', '--yes']);
          return tookMs;
        },
        raw: async () => {
          const tookMs = await timed(() => raw.make());
          await raw.remove();
          return tookMs;
        },
      },
      rounds,
    );
    return [
      ratioRow({
        what: '`mcpd user add` to MCP-ready, image built',
        ms: ms.add,
        against: 'raw API calls',
        againstMs: ms.raw,
        budget: 1.25,
      }),
    ];
  } finally {
    removeUsers(home);
  }
}

interface RawContainer {
  /** Network, container, start, and the first answered handshake. */
  make(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a user, reads what its network and container were made from, and removes both behind mcpd's
 * back: the run-time files stay, so that the same container can be made again without mcpd.
 */
async function copyContainer(home: BenchHome): Promise<RawContainer> {
  const { user, servers, token } = home.json<Added>(['user', 'add', 'copied']);
  const port = servers[0]?.port ?? 0;
  const network = await docker<Network>(`/networks/${user.network.name}`);
  const name = `${network.Name}-${servers[0]?.name}`;
  const container = await docker<Container>(`/containers/${name}/json`);
  const answer = { host: '127.0.0.1', port, token };
  const remove = async () => {
    await docker(`/containers/${name}?force=true&v=true`, { method: 'DELETE' });
    await docker(`/networks/${network.Name}`, { method: 'DELETE' });
  };
  await remove();
  return {
    remove,
    make: async () => {
      const { Name, Driver, IPAM, Options, Labels } = network;
      await post('/networks/create', { Name, Driver, IPAM, Options, Labels });
      const { Config, HostConfig } = container;
      await post(`/containers/create?name=${name}`, { ...Config, HostConfig });
      await post(`/containers/${name}/start`);
      while ((await handshake(answer, AbortSignal.timeout(30_000))).state !== 'ready') {
        await delay(5);
      }
    },
  };
}

interface Added {
  readonly user: { readonly network: { readonly name: string } };
  readonly servers: readonly { readonly name: string; readonly port: number }[];
  readonly token: string;
}

interface Network {
  readonly Name: string;
  readonly Driver: string;
  readonly IPAM: object;
  readonly Options: object;
  readonly Labels: object;
}

interface Container {
  readonly Config: object;
  readonly HostConfig: object;
}

function post(path: string, body?: object): Promise<unknown> {
  return docker(path, { method: 'POST', ...(body && { body }) });
}

/** Also what raw calls made, since it carries the user's labels. */
function removeUsers(home: BenchHome): void {
  const { users } = home.json<{ users: { name: string }[] }>(['user', 'list']);
  for (const { name } of users) home.run(['user', 'remove', name, '--purge', '--yes']);
}
