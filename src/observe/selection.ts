import type { Registry } from '../registry/database.ts';
import type { Server, User } from '../registry/rows.ts';
import { getServer, listServers } from '../registry/servers.ts';
import { getUser, listUsers } from '../registry/users.ts';

export interface Target {
  readonly user: string;
  /** Undefined: all of the user's. */
  readonly server: string | undefined;
}

export interface Selected {
  readonly user: User;
  readonly server: Server;
  /** `bob/filesystem` */
  readonly key: string;
}

/** The servers that a target names, or all there are. Throws NotFoundError. */
export function selectServers(registry: Registry, target: Target | undefined): Selected[] {
  if (!target) {
    const servers = Map.groupBy(listServers(registry), ({ userId }) => userId);
    return listUsers(registry).flatMap((user) => selectOf(user, servers.get(user.id) ?? []));
  }
  const user = getUser(registry, target.user);
  const servers =
    target.server === undefined
      ? listServers(registry, user.id)
      : [getServer(registry, user.id, target.server)];
  return selectOf(user, servers);
}

/** The one server that a target names. Throws NotFoundError. */
export function selectServer(
  registry: Registry,
  target: Target & { readonly server: string },
): Selected {
  const user = getUser(registry, target.user);
  const server = getServer(registry, user.id, target.server);
  return { user, server, key: `${user.name}/${server.name}` };
}

function selectOf(user: User, servers: readonly Server[]): Selected[] {
  return servers.map((server) => ({ user, server, key: `${user.name}/${server.name}` }));
}

/** Id of the one user that a selection is about; undefined when it spans all. */
export function userScope(target: Target | undefined, selected: readonly Selected[]) {
  return target ? selected[0]?.user.id : undefined;
}
