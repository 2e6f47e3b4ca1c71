import type { DatabaseSync } from 'node:sqlite';
import { ConflictError } from '../errors.ts';

/**
 * Step n brings a registry from version n to n + 1. A released step is never edited: append one.
 *
 * `ports` has a row per port of every user's block, so that uniqueness holds even between blocks of
 * different sizes, and a server's foreign key ties its port to its own user's block.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    shared_uid INTEGER NOT NULL CHECK (shared_uid IN (0, 1)),
    os_user TEXT,
    port_start INTEGER NOT NULL UNIQUE,
    port_end INTEGER NOT NULL CHECK (port_end >= port_start),
    subnet TEXT NOT NULL UNIQUE,
    workspace TEXT NOT NULL UNIQUE,
    workspace_managed INTEGER NOT NULL CHECK (workspace_managed IN (0, 1)),
    limits TEXT NOT NULL,
    egress TEXT NOT NULL,
    down INTEGER NOT NULL DEFAULT 0 CHECK (down IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX users_uid ON users (uid) WHERE shared_uid = 0;

  CREATE TABLE ports (
    port INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    blocked_until INTEGER,
    UNIQUE (user_id, port)
  ) STRICT;

  CREATE TABLE servers (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    name TEXT NOT NULL,
    template TEXT NOT NULL,
    port INTEGER NOT NULL UNIQUE,
    desired TEXT NOT NULL CHECK (desired IN ('running', 'stopped')),
    settled INTEGER NOT NULL DEFAULT 0 CHECK (settled IN (0, 1)),
    created_at INTEGER NOT NULL,
    UNIQUE (user_id, name),
    FOREIGN KEY (user_id, port) REFERENCES ports (user_id, port)
  ) STRICT;

  CREATE TABLE secrets (
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    name TEXT NOT NULL,
    ciphertext BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX tokens_name ON tokens (user_id, name) WHERE revoked_at IS NULL;

  CREATE TABLE quarantine (
    kind TEXT NOT NULL CHECK (kind IN ('ports', 'subnet', 'uid')),
    value TEXT NOT NULL,
    until INTEGER NOT NULL,
    path TEXT,
    PRIMARY KEY (kind, value)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    user_name TEXT PRIMARY KEY,
    fence INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    start_time TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    command TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE groups (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    policy TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;

  ALTER TABLE users ADD COLUMN group_id TEXT REFERENCES groups;
  ALTER TABLE users ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
  CREATE INDEX users_group ON users (group_id);
  ALTER TABLE users ADD COLUMN run_id TEXT;
  CREATE INDEX users_run ON users (run_id) WHERE run_id IS NOT NULL;
  CREATE INDEX users_expiry ON users (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE owners (
    user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    pid INTEGER NOT NULL,
    start_time TEXT NOT NULL,
    boot_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE approvals (
    user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
    template TEXT NOT NULL,
    risk TEXT NOT NULL,
    reason TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, template)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE servers ADD COLUMN bridge TEXT;
  ALTER TABLE servers ADD COLUMN version TEXT;

  ALTER TABLE tokens ADD COLUMN servers TEXT;
  ALTER TABLE tokens ADD COLUMN replaced_by TEXT;
  DROP INDEX tokens_name;
  CREATE UNIQUE INDEX tokens_name ON tokens (user_id, name)
    WHERE revoked_at IS NULL AND replaced_by IS NULL;

  CREATE TABLE begun (
    id TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    words TEXT NOT NULL,
    pid INTEGER NOT NULL,
    start_time TEXT NOT NULL,
    boot_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  'ALTER TABLE users ADD COLUMN made_under INTEGER',
];

/** Version of a registry that this mcpd has opened. */
export const schemaVersion = migrations.length;

/**
 * Applies what is missing, each step in its own transaction that starts by looking again, so that
 * processes opening one registry at once apply it once. Throws ConflictError on a newer registry.
 */
export function migrate(db: DatabaseSync, steps: readonly string[] = migrations): void {
  while (version(db) < steps.length) applyNext(db, steps);
  if (version(db) > steps.length) {
    throw new ConflictError(
      `The registry was written by a newer mcpd (version ${version(db)}; this one knows ${steps.length}).`,
      {
        code: 'REGISTRY_NEWER',
        suggestions: ['Upgrade mcpd, or set MCPD_HOME to another home.'],
      },
    );
  }
}

function applyNext(db: DatabaseSync, steps: readonly string[]): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const current = version(db);
    const step = steps[current];
    if (step !== undefined) db.exec(`${step}; PRAGMA user_version = ${current + 1}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function version(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}
