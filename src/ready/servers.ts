import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import type { Server, User } from '../registry/rows.ts';
import { probeToken } from '../tokens/issue.ts';
import { handshake } from './handshake.ts';
import { lastLogLines } from './last-lines.ts';
import { waitReady } from './wait.ts';

interface Request {
  readonly user: User;
  readonly servers: readonly Server[];
  readonly timeoutMs: number;
}

/** Waits for all of them at once; gives the ids of those that are ready, which is all, or throws. */
export async function awaitServers(
  context: Context,
  engine: Engine,
  { user, servers, timeoutMs }: Request,
): Promise<ReadonlySet<string>> {
  await context.progress.steps([
    {
      title: `wait for ${servers.map(({ name }) => name).join(', ')}`,
      run: async (update) => {
        let left = servers.length;
        const wait = async (server: Server) => {
          await awaitServer(context, engine, { user, server, timeoutMs });
          left -= 1;
          update(left === 0 ? 'ready' : `${left} to go`);
        };
        await Promise.all(servers.map(wait));
      },
    },
  ]);
  return new Set(servers.map(({ id }) => id));
}

interface One {
  readonly user: User;
  readonly server: Server;
  readonly timeoutMs: number;
}

async function awaitServer(
  context: Context,
  engine: Engine,
  { user, server, timeoutMs }: One,
): Promise<void> {
  const { registry, clock, signal, config } = context;
  const token = await probeToken(context, { user, server });
  const observe = async () => {
    const observed = await engine.observe({ instance: registry.instance, userId: user.id });
    return observed.servers.find(({ serverId }) => serverId === server.id);
  };
  await waitReady(
    {
      key: `${user.name}/${server.name}`,
      handshake: () => handshake({ host: config.bindAddress, port: server.port, token }, signal),
      observe,
      lastLines: async () => {
        const container = await observe();
        return container ? lastLogLines(engine, container.containerId) : [];
      },
    },
    { timeoutMs, now: () => clock.now(), pause: (ms) => delay(ms, undefined, { signal }) },
  );
}
