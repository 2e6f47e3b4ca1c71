import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../config/folder.ts';
import { ConflictError } from '../errors.ts';

interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** mcpd's own folder: its parents are traversable but not listable. */
  readonly managed: boolean;
}

/**
 * Makes a checked path the workspace of a uid: a new folder (0700) or an empty one is given to it.
 * A folder with files in it must be theirs already: throws ConflictError and changes nothing. True
 * when something changed.
 */
export function prepareWorkspace(path: string, { uid, gid, managed }: Ownership): boolean {
  const created = makeWorkspace(path, managed);
  // Opened without following a link, so that what is checked is what is given away.
  const handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const owner = fstatSync(handle).uid;
    if (owner === uid) return created;
    if (!created && readdirSync(path).length > 0) throw notTheirs(path, { uid, gid, owner });
    fchownSync(handle, uid, gid);
    return true;
  } finally {
    closeSync(handle);
  }
}

function makeWorkspace(path: string, managed: boolean): boolean {
  mkdirSync(dirname(dirname(path)), { recursive: true, mode: 0o755 });
  makeFolder(dirname(path), managed ? 0o711 : 0o755);
  return makeFolder(path, 0o700);
}

function notTheirs(
  path: string,
  { uid, gid, owner }: { uid: number; gid: number; owner: number },
): ConflictError {
  return new ConflictError(
    `The workspace ${path} has files in it and belongs to uid ${owner}, not to uid ${uid}.`,
    {
      code: 'WORKSPACE_NOT_OWNED',
      suggestions: [
        `chown -R ${uid}:${gid} ${path}`,
        ...(owner === 0 ? [] : [`Or use the owner's account: --os-user "$(id -nu ${owner})"`]),
      ],
    },
  );
}
