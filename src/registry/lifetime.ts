import type { SQLOutputValue } from 'node:sqlite';
import type { Registry } from './database.ts';
import { isAlive, type Holder } from './processes.ts';
import type { User } from './rows.ts';

/** A user who is to be removed, and why: a clause for people. */
export interface Over {
  readonly name: string;
  readonly why: string;
}

type Probe = (owner: Holder) => boolean;

/** Ties a user to a process: once that has ended, the user is to be removed. */
export function setOwner(registry: Registry, userId: string, owner: Holder): void {
  registry.db
    .prepare('INSERT INTO owners (user_id, pid, start_time, boot_id) VALUES (?, ?, ?, ?)')
    .run(userId, owner.pid, owner.startTime, owner.bootId);
}

/**
 * Users past their time, the longest first, and those whose process has ended. By an index: it costs nothing
 * when there are none.
 */
export function listOver(registry: Registry, probe: Probe = isAlive): Over[] {
  const expired = registry.db
    .prepare('SELECT name, expires_at FROM users WHERE expires_at <= ? ORDER BY expires_at')
    .all(registry.clock.now())
    .map((row) => ({ name: row['name'] as string, why: expiry(row['expires_at'] as number) }));
  const names = new Set(expired.map(({ name }) => name));
  const abandoned = registry.db
    .prepare('SELECT name, owners.* FROM owners JOIN users ON users.id = user_id ORDER BY name')
    .all()
    .filter((row) => !names.has(row['name'] as string) && !probe(toHolder(row)))
    .map((row) => ({ name: row['name'] as string, why: death(row['pid'] as number) }));
  return [...expired, ...abandoned];
}

/** Why this user is to be removed; undefined while they are not. */
export function whyOver(
  registry: Registry,
  { id, expiresAt }: User,
  probe: Probe = isAlive,
): string | undefined {
  if (expiresAt !== null && expiresAt <= registry.clock.now()) return expiry(expiresAt);
  const row = registry.db.prepare('SELECT * FROM owners WHERE user_id = ?').get(id);
  return row && !probe(toHolder(row)) ? death(row['pid'] as number) : undefined;
}

/** The id of the user who was made for this very process, if there is one. */
export function findOwned({ db }: Registry, owner: Holder): string | undefined {
  const row = db
    .prepare('SELECT user_id FROM owners WHERE pid = ? AND start_time = ? AND boot_id = ?')
    .get(owner.pid, owner.startTime, owner.bootId);
  return row?.['user_id'] as string | undefined;
}

/** Whether a user was made for a process, alive or not. */
export function hasOwner(registry: Registry, userId: string): boolean {
  return registry.db.prepare('SELECT 1 FROM owners WHERE user_id = ?').get(userId) !== undefined;
}

/** Whether a user ends by themselves: at a time, with a process, or as one of a CI run. */
export function isPassing(registry: Registry, { id, expiresAt, runId }: User): boolean {
  return expiresAt !== null || runId !== null || hasOwner(registry, id);
}

function expiry(at: number): string {
  return `its time was over at ${new Date(at).toISOString().replace(/\.\d+/, '')}`;
}

function death(pid: number): string {
  return `its mcpd run (process ${pid}) has ended`;
}

function toHolder(row: Record<string, SQLOutputValue>): Holder {
  return {
    pid: row['pid'] as number,
    startTime: row['start_time'] as string,
    bootId: row['boot_id'] as string,
  };
}
