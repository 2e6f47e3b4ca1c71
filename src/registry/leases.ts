import type { SQLOutputValue } from 'node:sqlite';
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
  /** The fence of the holder whom this one took over from, having found them dead. */
  readonly tookOver: number | undefined;
  /** False once another process took over, having found this one dead. */
  isHeld(): boolean;
}

/** Who holds a lease, or held it when they were killed. */
export interface HeldLease extends Holder {
  readonly userName: string;
  readonly fence: number;
  readonly command: string;
  /** Milliseconds since the epoch. */
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
  const { fence, tookOver } = await acquire(registry, request);
  try {
    return await work({
      fence,
      tookOver,
      isHeld: () => read(registry, request.userName)?.fence === fence,
    });
  } finally {
    dropLease(registry, { userName: request.userName, fence });
  }
}

type Taken = Pick<Lease, 'fence' | 'tookOver'>;

async function acquire(registry: Registry, request: LeaseRequest): Promise<Taken> {
  for (let waited = 0; ; waited += pollMs) {
    // Looking first keeps waiters from queueing for the write lock.
    const holder = liveHolder(registry, request);
    if (holder === undefined) {
      const taken = registry.transaction(() =>
        liveHolder(registry, request) === undefined ? take(registry, request) : undefined,
      );
      if (taken !== undefined) return taken;
    } else if (waited >= request.wait) {
      throw locked(request, holder);
    }
    await request.delay(pollMs);
  }
}

function liveHolder(registry: Registry, request: LeaseRequest): HeldLease | undefined {
  const row = read(registry, request.userName);
  return row && request.probe(row) ? row : undefined;
}

function take(registry: Registry, { userName, command, holder }: LeaseRequest): Taken {
  const { db } = registry;
  const tookOver = read(registry, userName)?.fence;
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
  return { fence, tookOver };
}

/** All leases, also those whose holders were killed. */
export function listLeases({ db }: Registry): HeldLease[] {
  return db.prepare('SELECT * FROM leases ORDER BY user_name').all().map(toLease);
}

/** Forgets a lease whose holder has ended; false when another one has taken over. */
export function dropLease(
  { db }: Registry,
  { userName, fence }: Pick<HeldLease, 'userName' | 'fence'>,
): boolean {
  const remove = db.prepare('DELETE FROM leases WHERE user_name = ? AND fence = ?');
  return remove.run(userName, fence).changes > 0;
}

function read({ db }: Registry, userName: string): HeldLease | undefined {
  const row = db.prepare('SELECT * FROM leases WHERE user_name = ?').get(userName);
  return row && toLease(row);
}

function toLease(row: Record<string, SQLOutputValue>): HeldLease {
  return {
    userName: row['user_name'] as string,
    fence: row['fence'] as number,
    pid: row['pid'] as number,
    startTime: row['start_time'] as string,
    bootId: row['boot_id'] as string,
    command: row['command'] as string,
    since: row['since'] as number,
  };
}

function locked({ userName }: LeaseRequest, holder: HeldLease): ConflictError {
  const since = new Date(holder.since).toISOString();
  return new ConflictError(
    `${userName} is being changed by "${holder.command}" (process ${holder.pid}) since ${since}.`,
    { code: 'LOCKED', suggestions: ['Try again when it is done.'] },
  );
}
