import type { SQLOutputValue } from 'node:sqlite';
import { ConflictError, NotFoundError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Registry } from './database.ts';
import { choosePort } from './ports.ts';
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

/**
 * Adds a server, on the lowest free port of its user's block unless another is given. Throws ConflictError
 * (SERVER_EXISTS, PORTS_EXHAUSTED).
 */
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

/** Throws NotFoundError for one that was removed. */
export function getServerById(registry: Registry, id: string): Server {
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
