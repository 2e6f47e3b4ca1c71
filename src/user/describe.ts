import type { Context } from '../context.ts';
import { EngineUnreachableError } from '../errors.ts';
import { containersByServer, type Observed } from '../reconcile/observed.ts';
import { listServers } from '../registry/servers.ts';
import { getUserById } from '../registry/users.ts';
import { describeServer, type ServerResult } from '../server/result.ts';
import { describeUser, type UserResult } from './result.ts';

interface Described {
  readonly user: UserResult;
  readonly servers: ServerResult[];
}

interface Facts {
  /** Ids of the servers that answered a handshake. */
  readonly ready: ReadonlySet<string>;
  readonly observed: Observed;
}

/** A user and their servers as commands report them. */
export function describeUserAndServers(
  context: Context,
  userId: string,
  { ready, observed }: Facts,
): Described {
  const { config, home, registry } = context;
  const containers = containersByServer(observed.servers);
  return {
    user: describeUser(getUserById(registry, userId), {
      config,
      home,
      instance: registry.instance,
    }),
    servers: listServers(registry, userId).map((server) =>
      describeServer(server, {
        config,
        observed: containers.get(server.id),
        ready: ready.has(server.id),
      }),
    ),
  };
}

/** What the engine has, of one user or of all; nothing, and `stale`, when it doesn't answer. */
export async function observeOrStale(
  context: Context,
  userId?: string,
): Promise<{ observed: Observed; stale: boolean }> {
  const scope = {
    instance: context.registry.instance,
    ...(userId === undefined ? {} : { userId }),
  };
  try {
    const engine = await context.engine();
    return { observed: await engine.observe(scope), stale: false };
  } catch (error) {
    if (!(error instanceof EngineUnreachableError)) throw error;
    return { observed: { networks: [], servers: [] }, stale: true };
  }
}
