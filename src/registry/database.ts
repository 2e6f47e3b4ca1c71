import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { systemClock, type Clock } from '../clock.ts';
import { isAccessError, notAccessible } from '../config/access.ts';
import { ensureHome } from '../config/folder.ts';
import type { Home } from '../config/home.ts';
import { ConflictError } from '../errors.ts';
import { fileSystemType, refuseNetworkFileSystem } from './file-system.ts';
import { randomBase32, randomId, type CreateId } from './ids.ts';
import { migrate } from './migrations.ts';

/** Who exists, and what is theirs. The functions of this folder take it as their first parameter. */
export interface Registry {
  readonly db: DatabaseSync;
  readonly home: Home;
  /** 8 base32 characters that tell this home's objects from another home's on one engine. */
  readonly instance: string;
  readonly clock: Clock;
  readonly createId: CreateId;
  /**
   * Runs `change` with the write lock held (BEGIN IMMEDIATE) and undoes it when it throws. Must be
   * synchronous and short. Inside another transaction it joins that one.
   */
  transaction<T>(change: () => T): T;
  close(): void;
  [Symbol.dispose](): void;
}

export interface OpenOptions {
  readonly clock?: Clock;
  readonly createId?: CreateId;
  /** False: a home without a registry gives an empty one in memory, and nothing is written. */
  readonly create?: boolean;
  /** `f_type` of the home's file system. */
  readonly fileSystemType?: (path: string) => number;
}

/**
 * How long a writer waits. A transaction takes milliseconds, but waiters poll and are served in no
 * order: with twenty of them on an overloaded host, one was seen to wait 30 seconds.
 */
const busyTimeoutMs = 120_000;

/**
 * Opens the registry of a home, made on first use (0600). Throws RefusedError for a home that is
 * unsafe, unreachable or on a network, ConflictError for a registry of a newer version.
 */
export function openRegistry(home: Home, options: OpenOptions = {}): Registry {
  const db = openDatabase(home, options);
  try {
    migrate(db);
    return registryOf(db, home, options);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * The instance of a home's registry, without changing anything; undefined where there is none. Throws what the
 * system and SQLite throw.
 */
export function findInstance(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const row = db.prepare(`SELECT value FROM meta WHERE key = 'instance'`).get();
    return row && String(row['value']);
  } finally {
    db.close();
  }
}

/** Makes another instance's name this home's own. */
export function setInstance(registry: Registry, instance: string): void {
  registry.db.prepare(`UPDATE meta SET value = ? WHERE key = 'instance'`).run(instance);
}

function openDatabase(home: Home, options: OpenOptions): DatabaseSync {
  try {
    if (options.create === false && !existsSync(home.registry)) return connect(':memory:');
    refuseNetworkFileSystem(home.root, (options.fileSystemType ?? fileSystemType)(home.root));
    ensureHome(home);
    // SQLite gives its -wal and -shm files the mode of this one.
    closeSync(openSync(home.registry, 'a', 0o600));
    return connect(home.registry);
  } catch (error) {
    throw isAccessError(home, error) ? notAccessible(`use the home ${home.root}`, error) : error;
  }
}

function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    if (path !== ':memory:') useWriteAheadLog(db);
    // A reservation must survive a power cut, or a container could outlive the row that explains it.
    db.exec('PRAGMA synchronous = FULL');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Processes that open a fresh registry at once get SQLITE_BUSY from this change without waiting for
 * the busy timeout (seen about once in a thousand opens under load), so it is tried again.
 */
function useWriteAheadLog(db: DatabaseSync): void {
  const deadline = Date.now() + busyTimeoutMs;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function registryOf(db: DatabaseSync, home: Home, options: OpenOptions): Registry {
  const close = (): void => {
    if (db.isOpen) db.close();
  };
  return {
    db,
    home,
    instance: instanceOf(db),
    clock: options.clock ?? systemClock,
    createId: options.createId ?? randomId,
    transaction: (change) => inTransaction(db, change),
    close,
    [Symbol.dispose]: close,
  };
}

function inTransaction<T>(db: DatabaseSync, change: () => T): T {
  if (db.isTransaction) return change();
  begin(db);
  try {
    const result = change();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function begin(db: DatabaseSync): void {
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new ConflictError('Other commands keep the registry busy.', {
      code: 'REGISTRY_BUSY',
      suggestions: ['Try again when they are done.'],
      cause: error,
    });
  }
}

function instanceOf(db: DatabaseSync): string {
  const read = db.prepare(`SELECT value FROM meta WHERE key = 'instance'`);
  if (read.get() === undefined) {
    db.prepare(`INSERT OR IGNORE INTO meta (key, value) VALUES ('instance', ?)`).run(
      randomBase32(8),
    );
  }
  return String(read.get()?.['value']);
}

/** SQLITE_BUSY, in any of its extended forms. */
function isBusy(error: unknown): boolean {
  return (((error as { errcode?: number }).errcode ?? 0) & 0xff) === 5;
}
