import { ConflictError } from '../errors.ts';
import { allocatePort } from './allocation.ts';
import type { Registry } from './database.ts';
import { listQuarantined, parseBlock } from './quarantine.ts';
import type { User } from './rows.ts';

/** One port that is in somebody's name. */
export interface PortRow {
  readonly port: number;
  /** User name; null for a removed user's. */
  readonly user: string | null;
  /** Server name; null when no server has it. */
  readonly server: string | null;
  /**
   * held: a server has it. reserved: free within its user's block. blocked: a foreign program was
   * found on it. quarantined: a removed user had it.
   */
  readonly state: 'held' | 'reserved' | 'blocked' | 'quarantined';
}

/** Every port that the registry has given out or withholds, in order. */
export function listPorts(registry: Registry): PortRow[] {
  const now = registry.clock.now();
  const rows = registry.db
    .prepare(
      `SELECT ports.port, ports.blocked_until, users.name AS user, servers.name AS server
       FROM ports JOIN users ON users.id = ports.user_id
       LEFT JOIN servers ON servers.port = ports.port`,
    )
    .all()
    .map((row): PortRow => {
      const server = row['server'] as string | null;
      const blocked = Number(row['blocked_until'] ?? 0) > now;
      return {
        port: row['port'] as number,
        user: row['user'] as string,
        server,
        state: server !== null ? 'held' : blocked ? 'blocked' : 'reserved',
      };
    });
  const quarantined = listQuarantined(registry)
    .filter((entry) => entry.kind === 'ports')
    .flatMap((entry) => expand(parseBlock(entry.value)));
  return [...rows, ...quarantined].toSorted((a, b) => a.port - b.port);
}

function expand({ start, end }: { start: number; end: number }): PortRow[] {
  return Array.from({ length: end - start + 1 }, (_, index) => ({
    port: start + index,
    user: null,
    server: null,
    state: 'quarantined',
  }));
}

interface PortQuestion {
  readonly isPortFree: (port: number) => boolean;
  readonly wanted?: number | undefined;
}

/**
 * A port of a user's block for a server: the wanted one if it is free, or the lowest that is. Throws
 * ConflictError (PORTS_EXHAUSTED).
 */
export function choosePort(
  registry: Registry,
  user: User,
  { isPortFree, wanted }: PortQuestion,
): number {
  const rows = registry.db
    .prepare(
      `SELECT port FROM servers WHERE user_id = ?1
       UNION SELECT port FROM ports WHERE user_id = ?1 AND blocked_until > ?2`,
    )
    .all(user.id, registry.clock.now());
  const taken = new Set(rows.map((row) => row['port'] as number));
  const { start, end } = user.ports;
  const isWanted = (port: number) => port >= start && port <= end && isPortFree(port);
  const port =
    wanted !== undefined && !taken.has(wanted) && isWanted(wanted)
      ? wanted
      : allocatePort({ block: user.ports, taken, isPortFree });
  if (port !== undefined) return port;
  throw new ConflictError(`No free port is left in ${user.name}'s block ${start}–${end}.`, {
    code: 'PORTS_EXHAUSTED',
    suggestions: [
      `mcpd ports shows who holds them; mcpd server remove ${user.name}/NAME frees one`,
      'mcpd config set ports.perUser NUMBER gives users added from then on more',
    ],
  });
}
