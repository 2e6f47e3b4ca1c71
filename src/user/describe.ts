import type { Context } from '../context.ts';
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
  /** The engine didn't answer. */
  readonly stale?: boolean;
}

/** A user and their servers as commands report them. */
export function describeUserAndServers(
  context: Context,
  userId: string,
  { ready, observed, stale = false }: Facts,
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
        stale,
      }),
    ),
  };
}
