import type { Registry } from './database.ts';
import { listQuarantined, parseBlock } from './quarantine.ts';

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
