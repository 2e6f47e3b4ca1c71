import { ConflictError } from '../errors.ts';
import type { Registry } from './database.ts';
import { choosePort } from './ports.ts';
import { quarantine } from './quarantine.ts';
import { chooseSubnet, readTaken, type Surroundings } from './reservations.ts';
import type { Server, User } from './rows.ts';
import { getServerById, listServers } from './servers.ts';
import { getUserById } from './users.ts';

interface MoveOptions {
  /** When the port may be tried again, in milliseconds since the epoch. */
  readonly until: number;
  readonly isPortFree: (port: number) => boolean;
}

/**
 * Gives a server that was never ready the next free port of its block, because somebody else holds
 * its own. Throws ConflictError for a settled server (PORT_HELD) and a used-up block (PORTS_EXHAUSTED).
 */
export function moveBlockedPort(
  registry: Registry,
  serverId: string,
  { until, isPortFree }: MoveOptions,
): Server {
  return registry.transaction(() => {
    const server = getServerById(registry, serverId);
    const user = getUserById(registry, server.userId);
    if (server.settled) throw portHeld(user, server);
    registry.db
      .prepare('UPDATE ports SET blocked_until = ? WHERE port = ?')
      .run(until, server.port);
    const port = choosePort(registry, user, { isPortFree });
    registry.db.prepare('UPDATE servers SET port = ? WHERE id = ?').run(port, serverId);
    return { ...server, port };
  });
}

interface ReassignOptions extends Pick<Surroundings, 'config' | 'takenSubnets'> {
  /** When the present subnet may be given to anyone, in milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Gives a user none of whose servers was ever ready another subnet, because the engine refused the
 * present one. Throws ConflictError for a settled user (SUBNET_HELD) and when none is left.
 */
export function reassignSubnet(registry: Registry, userId: string, options: ReassignOptions): User {
  return registry.transaction(() => {
    const user = getUserById(registry, userId);
    if (listServers(registry, userId).some((server) => server.settled)) throw subnetHeld(user);
    const subnet = chooseSubnet(registry, readTaken(registry).subnets, options);
    registry.db.prepare('UPDATE users SET subnet = ? WHERE id = ?').run(subnet, userId);
    const { until } = options;
    quarantine(registry, { kind: 'subnet', value: user.subnet, until, path: null });
    return { ...user, subnet };
  });
}

function portHeld(user: User, server: Server): ConflictError {
  const key = `${user.name}/${server.name}`;
  return new ConflictError(`Port ${server.port} of ${key} is held by somebody else.`, {
    code: 'PORT_HELD',
    suggestions: ['mcpd ports shows who holds it', `Free the port, then mcpd start ${key}`],
  });
}

function subnetHeld(user: User): ConflictError {
  return new ConflictError(`The subnet ${user.subnet} of ${user.name} overlaps another network.`, {
    code: 'SUBNET_HELD',
    suggestions: [`Remove the other network, then mcpd start ${user.name}`, 'mcpd doctor'],
  });
}
