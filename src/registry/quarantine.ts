import { lstatSync } from 'node:fs';
import type { Registry } from './database.ts';
import type { User } from './rows.ts';

export type QuarantineKind = 'ports' | 'subnet' | 'uid';

/** Something a removed user had, which nobody else may get yet. */
export interface Quarantined {
  readonly kind: QuarantineKind;
  /** `20000-20009`, `10.200.0.0/28` or `200000`. */
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** A workspace left behind: its uid stays reserved for as long as it exists. */
  readonly path: string | null;
}

/** What is withheld from new users now. */
export function listQuarantined(registry: Registry): Quarantined[] {
  const now = registry.clock.now();
  return rows(registry).filter((row) => isActive(row, now));
}

/** What is withheld no longer, but still on record. */
export function listReleased(registry: Registry): Quarantined[] {
  const now = registry.clock.now();
  return rows(registry).filter((row) => !isActive(row, now));
}

/** Forgets what is no longer withheld. */
export function purgeQuarantine(registry: Registry): void {
  const now = registry.clock.now();
  const remove = registry.db.prepare('DELETE FROM quarantine WHERE kind = ? AND value = ?');
  for (const row of rows(registry)) {
    if (!isActive(row, now)) remove.run(row.kind, row.value);
  }
}

/** Withholds one value, replacing an earlier entry; does nothing when its time is over already. */
export function quarantine(registry: Registry, entry: Quarantined): void {
  if (!isActive(entry, registry.clock.now())) return;
  registry.db
    .prepare('INSERT OR REPLACE INTO quarantine (kind, value, until, path) VALUES (?, ?, ?, ?)')
    .run(entry.kind, entry.value, entry.until, entry.path);
}

interface Retention {
  readonly until: number;
  /** Keep the uid for as long as the workspace exists. */
  readonly keepUid: boolean;
  /** The uid is the caller's own and serves every user. */
  readonly sharedUid: boolean;
}

/** Withholds everything that identified a user who is being removed. */
export function quarantineUser(registry: Registry, user: User, retention: Retention): void {
  const { until, keepUid, sharedUid } = retention;
  const ports = `${user.ports.start}-${user.ports.end}`;
  quarantine(registry, { kind: 'ports', value: ports, until, path: null });
  quarantine(registry, { kind: 'subnet', value: user.subnet, until, path: null });
  if (!sharedUid) {
    const path = keepUid ? user.workspace : heirOf(registry, user.uid);
    quarantine(registry, { kind: 'uid', value: String(user.uid), until, path });
  }
}

/** Withholds a user's uid, beyond their removal, while a workspace in another home has files of that uid. */
export function leaveUid(registry: Registry, { uid }: User, workspace: string): void {
  const until = registry.clock.now();
  quarantine(registry, { kind: 'uid', value: String(uid), until, path: workspace });
}

/** The reservation of a uid whose former workspace is `path`, or is gone; undefined when others may not have it. */
export function findRetainedUid(
  registry: Registry,
  { uid, path }: { uid: number; path: string },
): Quarantined | undefined {
  const row = rows(registry).find((one) => one.kind === 'uid' && one.value === String(uid));
  const former = row?.path ?? undefined;
  return former !== undefined && (former === path || !exists(former)) ? row : undefined;
}

/** The workspace that a uid was left to. */
function heirOf(registry: Registry, uid: number): string | null {
  const row = rows(registry).find((one) => one.kind === 'uid' && one.value === String(uid));
  return row?.path != null && exists(row.path) ? row.path : null;
}

/** A block written as `20000-20009`. */
export function parseBlock(value: string): { start: number; end: number } {
  const [start, end] = value.split('-').map(Number);
  return { start: start ?? 0, end: end ?? 0 };
}

function isActive(row: Quarantined, now: number): boolean {
  return row.until > now || (row.path !== null && exists(row.path));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function rows(registry: Registry): Quarantined[] {
  return registry.db
    .prepare('SELECT kind, value, until, path FROM quarantine ORDER BY kind, value')
    .all()
    .map((row) => ({
      kind: row['kind'] as QuarantineKind,
      value: row['value'] as string,
      until: row['until'] as number,
      path: row['path'] as string | null,
    }));
}
