import { setTimeout as delay } from 'node:timers/promises';
import { handshake } from '../../src/ready/handshake.ts';
import { docker } from './docker-api.ts';

/** What there is without mcpd: calls of the engine's API. */
export interface RawContainer {
  /** Network, container, start, and the first answered handshake. */
  make(): Promise<void>;
  remove(): Promise<void>;
}

interface Made {
  /** Name of the user's network. */
  readonly network: string;
  readonly server: string;
  readonly port: number;
  readonly token: string;
}

/**
 * Reads what a user's network and container were made from, and removes both behind mcpd's back: the
 * run-time files stay, so that the same container can be made again without mcpd.
 */
export async function copyContainer(made: Made): Promise<RawContainer> {
  const network = await docker<Network>(`/networks/${made.network}`);
  const name = `${made.network}-${made.server}`;
  const container = await docker<Container>(`/containers/${name}/json`);
  const answer = { host: '127.0.0.1', port: made.port, token: made.token };
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
      const started = performance.now();
      while ((await handshake(answer, AbortSignal.timeout(30_000))).state !== 'ready') {
        // As mcpd does: asking all the time would cost those that start beside it.
        await delay(Math.max(5, (performance.now() - started) * 0.05));
      }
    },
  };
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
