import { ConflictError } from '../errors.ts';
import type { Registry } from './database.ts';
import type { Holder } from './processes.ts';

export interface LeaseRequest {
  readonly userName: string;
  /** The whole command, for whoever has to wait: `mcpd user add bob`. */
  readonly command: string;
  /** How long to wait for a live holder, in milliseconds. */
  readonly wait: number;
  /** This process. */
  readonly holder: Holder;
  /** Whether another holder still runs. */
  readonly probe: (holder: Holder) => boolean;
  /** Waits; may reject to give up early. */
  readonly delay: (milliseconds: number) => Promise<unknown>;
}

export interface Lease {
  /** Grows with every lease of this registry: of two holders, the later one has the larger number. */
  readonly fence: number;
  /** False once another process took over, having found this one dead. */
  isHeld(): boolean;
}

interface LeaseRow extends Holder {
  readonly fence: number;
  readonly command: string;
  readonly since: number;
}

const pollMs = 50;

/**
 * Runs `work` while no other process changes this user. Waits for a live holder, takes over from a
 * dead one at once. Throws ConflictError LOCKED, naming the holder, when the wait was too short.
 */
export async function withLease<T>(
  registry: Registry,
  request: LeaseRequest,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const fence = await acquire(registry, request);
  try {
    return await work({ fence, isHeld: () => read(registry, request.userName)?.fence === fence });
  } finally {
    registry.db
      .prepare('DELETE FROM leases WHERE user_name = ? AND fence = ?')
      .run(request.userName, fence);
  }
}

async function acquire(registry: Registry, request: LeaseRequest): Promise<number> {
  for (let waited = 0; ; waited += pollMs) {
    // Looking first keeps waiters from queueing for the write lock.
    const holder = liveHolder(registry, request);
    if (holder === undefined) {
      const fence = registry.transaction(() =>
        liveHolder(registry, request) === undefined ? take(registry, request) : undefined,
      );
      if (fence !== undefined) return fence;
    } else if (waited >= request.wait) {
      throw locked(request, holder);
    }
    await request.delay(pollMs);
  }
}

function liveHolder(registry: Registry, request: LeaseRequest): LeaseRow | undefined {
  const row = read(registry, request.userName);
  return row && request.probe(row) ? row : undefined;
}

function take(registry: Registry, { userName, command, holder }: LeaseRequest): number {
  const { db } = registry;
  const row = db
    .prepare(
      `INSERT INTO meta (key, value) VALUES ('fence', '1')
       ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
       RETURNING value`,
    )
    .get();
  const fence = Number(row?.['value']);
  db.prepare(
    `INSERT OR REPLACE INTO leases (user_name, fence, pid, start_time, boot_id, command, since)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    userName,
    fence,
    holder.pid,
    holder.startTime,
    holder.bootId,
    command,
    registry.clock.now(),
  );
  return fence;
}

function read(registry: Registry, userName: string): LeaseRow | undefined {
  const row = registry.db.prepare('SELECT * FROM leases WHERE user_name = ?').get(userName);
  if (row === undefined) return undefined;
  return {
    fence: row['fence'] as number,
    pid: row['pid'] as number,
    startTime: row['start_time'] as string,
    bootId: row['boot_id'] as string,
    command: row['command'] as string,
    since: row['since'] as number,
  };
}

function locked({ userName }: LeaseRequest, holder: LeaseRow): ConflictError {
  const since = new Date(holder.since).toISOString();
  return new ConflictError(
    `${userName} is being changed by "${holder.command}" (process ${holder.pid}) since ${since}.`,
    { code: 'LOCKED', suggestions: ['Try again when it is done.'] },
  );
}
