import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../config/folder.ts';
import type { Home } from '../config/home.ts';

/**
 * Where files are until everything is known to be good. Of one restore at a time: whoever begins throws
 * away what a killed one left. A user's folder moves into `users/` just before their row is written; the
 * file `.restoring` in it says that the row may be missing.
 */
export interface Staging {
  /** 0700, the caller's. */
  readonly folder: string;
  userFolder(id: string): string;
  /** Moves a user's folder to where users are. */
  publish(id: string): void;
  /** After the rows were written, or were not. */
  settle(ids: readonly string[], isWritten: boolean): void;
}

const marker = '.restoring';

/** Begins anew. `isUser` says whether an id has a row. */
export function openStaging(home: Home, isUser: (id: string) => boolean): Staging {
  const folder = join(home.root, 'restoring');
  discardStaging(home, isUser);
  mkdirSync(folder, { mode: 0o700 });
  const settle: Staging['settle'] = (ids, isWritten) => {
    for (const id of ids) clean(join(home.users, id), isWritten);
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
    settle,
  };
}

/** Takes away what a killed restore left. Never more: other folders without a row are workspaces that were kept. */
function discardStaging(home: Home, isUser: (id: string) => boolean): void {
  rmSync(join(home.root, 'restoring'), { recursive: true, force: true });
  for (const id of readdirSync(home.users)) clean(join(home.users, id), isUser(id));
}

function clean(folder: string, isUsers: boolean): void {
  if (!existsSync(join(folder, marker))) return;
  rmSync(isUsers ? join(folder, marker) : folder, { recursive: true, force: true });
}
