import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { containersByServer } from '../reconcile/observed.ts';
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

export interface Awaited {
  /** Ids of the servers that are ready. */
  readonly ready: ReadonlySet<string>;
  /** Why others are not, by their ids, in the order they were asked for. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** Waits for all of them at once. */
export async function awaitServers(
  context: Context,
  engine: Engine,
  { user, probed, timeoutMs }: Request,
): Promise<Awaited> {
  if (probed.length === 0) return { ready: new Set(), failures: new Map() };
  const waiting = async (update: (detail: string) => void) => {
    let left = probed.length;
    return Promise.allSettled(
      probed.map(async (one) => {
        await awaitServer(context, engine, { ...one, user, timeoutMs });
        left -= 1;
        update(left === 0 ? 'ready' : `${left} to go`);
      }),
    );
  };
  let outcomes: readonly PromiseSettledResult<void>[] | undefined;
  const step = {
    title: `wait for ${probed.map(({ server }) => `${user.name}/${server.name}`).join(', ')}`,
    run: async (update: (detail: string) => void) => {
      outcomes = await waiting(update);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    },
  };
  await context.progress.steps([step]).catch((error: unknown) => {
    // For whoever looks the step has failed; why is in the outcomes.
    if (outcomes === undefined) throw error;
  });
  const ids = probed.map(({ server }) => server.id);
  const failures = (outcomes ?? []).flatMap((outcome, index) =>
    outcome.status === 'rejected' ? [[ids[index] ?? '', outcome.reason as unknown] as const] : [],
  );
  const failed = new Map(failures);
  return { ready: new Set(ids.filter((id) => !failed.has(id))), failures: failed };
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
    return containersByServer(observed.servers).get(server.id);
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
