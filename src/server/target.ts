import { ConflictError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import type { Server, User } from '../registry/rows.ts';
import { getServer, listServers } from '../registry/servers.ts';
import { getUser } from '../registry/users.ts';

/** The servers a target names. Throws NotFoundError when the user or the server isn't there. */
export function targetServers(
  registry: Registry,
  target: { readonly user: string; readonly server: string | undefined },
): readonly Server[] {
  const user = getUser(registry, target.user);
  return target.server === undefined
    ? listServers(registry, user.id)
    : [getServer(registry, user.id, target.server)];
}

export function requireUp(user: User): void {
  if (!user.down) return;
  throw new ConflictError(`${user.name} is down: it has no containers.`, {
    code: 'USER_DOWN',
    suggestions: [`mcpd up ${user.name}`],
  });
}
