import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeName, restoredFolder } from '../audit/kept.ts';
import { makeFolder } from '../config/folder.ts';
import type { Home } from '../config/home.ts';

/**
 * Where files are until everything is known to be good. Of one restore at a time: whoever begins throws
 * away what a killed one left. A user's folder moves into `users/` just before their row is committed; the
 * file `.restoring` in it says that the row may be missing.
 */
export interface Staging {
  /** 0700, the caller's. */
  readonly folder: string;
  userFolder(id: string): string;
  /** Moves a user's folder to where users are. */
  publish(id: string): void;
  /** Moves the audit of commands to its place, or beside what this home has recorded itself. */
  publishAudit(audit: string): void;
  /** At the end, whatever it was: only who has a row by then keeps their folder. */
  settle(ids: readonly string[]): void;
}

/** Held while files are in such a folder. No user has this name. */
export const restoreLease = 'a restore (no user)';

const marker = '.restoring';

/** Begins anew. `isUser` says whether an id has a row. */
export function openStaging(home: Home, isUser: (id: string) => boolean): Staging {
  const folder = join(home.root, 'restoring');
  discardStaging(home, isUser);
  mkdirSync(folder, { mode: 0o700 });
  const settle: Staging['settle'] = (ids) => {
    for (const id of ids) clean(join(home.users, id), isUser(id));
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    folder,
    userFolder: (id) => {
      const path = join(folder, id);
      makeFolder(path, 0o711);
      return path;
    },
    publish: (id) => {
      writeFileSync(join(folder, id, marker), '', { mode: 0o600 });
      renameSync(join(folder, id), join(home.users, id));
    },
    publishAudit: (audit) => {
      const source = join(folder, 'audit');
      if (!existsSync(source)) return;
      const isFirst = !existsSync(audit);
      renameSync(source, isFirst ? audit : join(audit, freeName(audit, restoredFolder)));
    },
    settle,
  };
}

/**
 * Takes away what a killed restore left. Never more: other folders without a row are workspaces that were
 * kept. Whoever calls it holds the lease.
 */
export function discardStaging(home: Home, isUser: (id: string) => boolean): void {
  const folder = join(home.root, 'restoring');
  if (!existsSync(folder)) return;
  for (const id of readdirSync(home.users)) clean(join(home.users, id), isUser(id));
  // Last: while it is there, marks are looked for.
  rmSync(folder, { recursive: true, force: true });
}

/** The folder of a restore that is under way, or was killed; undefined when there is none. */
export function findStaging(home: Home): string | undefined {
  const folder = join(home.root, 'restoring');
  return existsSync(folder) ? folder : undefined;
}

function clean(folder: string, isUsers: boolean): void {
  if (!existsSync(join(folder, marker))) return;
  rmSync(isUsers ? join(folder, marker) : folder, { recursive: true, force: true });
}
