import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import type { Server, User } from '../registry/rows.ts';
import { probeToken } from '../tokens/issue.ts';
import { handshake } from './handshake.ts';
import { lastLogLines } from './last-lines.ts';
import { waitReady } from './wait.ts';

/** A server, and a token to look with whether it is ready. */
export interface Probed {
  readonly server: Server;
  readonly token: string;
}

interface Request {
  readonly user: User;
  readonly probed: readonly Probed[];
  readonly timeoutMs: number;
}

/** Signs the tokens, which needs no engine. */
export function probeServers(
  context: Context,
  user: User,
  servers: readonly Server[],
): Promise<readonly Probed[]> {
  const probe = async (server: Server) => ({
    server,
    token: await probeToken(context, { user, server }),
  });
  return Promise.all(servers.map(probe));
}

/** Waits for all of them at once; gives the ids of those that are ready, which is all, or throws. */
export async function awaitServers(
  context: Context,
  engine: Engine,
  { user, probed, timeoutMs }: Request,
): Promise<ReadonlySet<string>> {
  if (probed.length === 0) return new Set();
  await context.progress.steps([
    {
      title: `wait for ${probed.map(({ server }) => `${user.name}/${server.name}`).join(', ')}`,
      run: async (update) => {
        let left = probed.length;
        const wait = async (one: Probed) => {
          await awaitServer(context, engine, { ...one, user, timeoutMs });
          left -= 1;
          update(left === 0 ? 'ready' : `${left} to go`);
        };
        await Promise.all(probed.map(wait));
      },
    },
  ]);
  return new Set(probed.map(({ server }) => server.id));
}

interface One extends Probed {
  readonly user: User;
  readonly timeoutMs: number;
}

async function awaitServer(
  context: Context,
  engine: Engine,
  { user, server, token, timeoutMs }: One,
): Promise<void> {
  const { registry, clock, signal, config } = context;
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
