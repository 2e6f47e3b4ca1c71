import type { SQLOutputValue } from 'node:sqlite';
import { ConflictError, NotFoundError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { allocatePort } from './allocation.ts';
import type { Registry } from './database.ts';
import { quarantine } from './quarantine.ts';
import { chooseSubnet, readTaken, type Surroundings } from './reservations.ts';
import type { Server, User } from './rows.ts';
import { getUserById } from './users.ts';

/** All servers, or one user's, by name. */
export function listServers(registry: Registry, userId?: string): Server[] {
  const rows =
    userId === undefined
      ? registry.db.prepare('SELECT * FROM servers ORDER BY user_id, name').all()
      : registry.db.prepare('SELECT * FROM servers WHERE user_id = ? ORDER BY name').all(userId);
  return rows.map(toServer);
}

/** One user's server of this name, if there is one. */
export function findServer(registry: Registry, userId: string, name: string): Server | undefined {
  const row = registry.db
    .prepare('SELECT * FROM servers WHERE user_id = ? AND name = ?')
    .get(userId, name);
  return row && toServer(row);
}

/** One user's server of this name; throws NotFoundError with the names it may have been meant as. */
export function getServer(registry: Registry, userId: string, name: string): Server {
  const server = findServer(registry, userId, name);
  if (server) return server;
  const user = getUserById(registry, userId);
  const close = nearest(
    name,
    listServers(registry, userId).map((one) => one.name),
  );
  throw new NotFoundError(`${user.name} has no server "${name}".`, {
    code: 'SERVER_NOT_FOUND',
    suggestions: [
      ...(close.length > 0
        ? [`Did you mean ${close.map((one) => `${user.name}/${one}`).join(' or ')}?`]
        : []),
      `mcpd server list ${user.name}`,
    ],
  });
}

interface AddServerRequest {
  readonly user: User;
  readonly name: string;
  /** Catalog name, or absolute path of a template folder. */
  readonly template: string;
  readonly desired?: Server['desired'];
  readonly isPortFree: (port: number) => boolean;
  /** Of a restored server. */
  readonly id?: string;
  /** Taken if it is in the block and free. */
  readonly port?: number;
}

/** Adds a server, on the lowest free port of its user's block unless another is given. Throws ConflictError (SERVER_EXISTS, PORTS_EXHAUSTED). */
export function addServer(registry: Registry, request: AddServerRequest): Server {
  const { name, template, desired = 'running', isPortFree, port: wanted } = request;
  return registry.transaction(() => {
    const user = getUserById(registry, request.user.id);
    if (findServer(registry, user.id, name)) throw serverExists(user, name);
    const server: Server = {
      id: request.id ?? registry.createId('s'),
      userId: user.id,
      name,
      template,
      port: choosePort(registry, user, { isPortFree, wanted }),
      desired,
      settled: false,
      createdAt: registry.clock.now(),
    };
    registry.db
      .prepare(
        `INSERT INTO servers (id, user_id, name, template, port, desired, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(server.id, user.id, name, template, server.port, desired, server.createdAt);
    return server;
  });
}

/**
 * Removes a server, and the approval of its template; its port goes back to its user's block. True when
 * there was one.
 */
export function removeServer(registry: Registry, serverId: string): boolean {
  return registry.transaction(() => {
    registry.db
      .prepare(
        `DELETE FROM approvals
         WHERE (user_id, template) = (SELECT user_id, template FROM servers WHERE id = ?)`,
      )
      .run(serverId);
    return registry.db.prepare('DELETE FROM servers WHERE id = ?').run(serverId).changes > 0;
  });
}

/** What the user wants; true when that is news. */
export function setDesired(
  registry: Registry,
  serverId: string,
  desired: Server['desired'],
): boolean {
  const statement = registry.db.prepare(
    'UPDATE servers SET desired = ? WHERE id = ? AND desired <> ?',
  );
  return statement.run(desired, serverId, desired).changes > 0;
}

/** Records that a server was ready on its port, which from now on stays its own. */
export function settle(registry: Registry, serverId: string): void {
  registry.db.prepare('UPDATE servers SET settled = 1 WHERE id = ?').run(serverId);
}

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

interface PortQuestion {
  readonly isPortFree: (port: number) => boolean;
  readonly wanted?: number | undefined;
}

function choosePort(registry: Registry, user: User, { isPortFree, wanted }: PortQuestion): number {
  const rows = registry.db
    .prepare(
      `SELECT port FROM servers WHERE user_id = ?1
       UNION SELECT port FROM ports WHERE user_id = ?1 AND blocked_until > ?2`,
    )
    .all(user.id, registry.clock.now());
  const taken = new Set(rows.map((row) => row['port'] as number));
  const { start: first, end: last } = user.ports;
  const isWanted = (port: number) => port >= first && port <= last && isPortFree(port);
  const port =
    wanted !== undefined && !taken.has(wanted) && isWanted(wanted)
      ? wanted
      : allocatePort({ block: user.ports, taken, isPortFree });
  if (port !== undefined) return port;
  const { start, end } = user.ports;
  throw new ConflictError(`No free port is left in ${user.name}'s block ${start}–${end}.`, {
    code: 'PORTS_EXHAUSTED',
    suggestions: [
      `mcpd ports shows who holds them; mcpd server remove ${user.name}/NAME frees one`,
      'mcpd config set ports.perUser NUMBER gives users added from then on more',
    ],
  });
}

function getServerById(registry: Registry, id: string): Server {
  const row = registry.db.prepare('SELECT * FROM servers WHERE id = ?').get(id);
  if (row) return toServer(row);
  throw new NotFoundError(`There is no server with the id ${id} any more.`, {
    code: 'SERVER_NOT_FOUND',
    suggestions: ['mcpd server list'],
  });
}

function serverExists(user: User, name: string): ConflictError {
  return new ConflictError(`${user.name} has a server "${name}" already.`, {
    code: 'SERVER_EXISTS',
    suggestions: [`mcpd server show ${user.name}/${name}`],
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

function toServer(row: Record<string, SQLOutputValue>): Server {
  return {
    id: row['id'] as string,
    userId: row['user_id'] as string,
    name: row['name'] as string,
    template: row['template'] as string,
    port: row['port'] as number,
    desired: row['desired'] as Server['desired'],
    settled: row['settled'] === 1,
    createdAt: row['created_at'] as number,
  };
}
