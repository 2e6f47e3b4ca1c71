import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../config/folder.ts';
import { RefusedError } from '../errors.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Makes a folder, or takes one of ours, and gives it to its owner alone (0700). Throws RefusedError
 * for a link, a file and a folder of somebody else. Its parents must be trusted already.
 */
export function openPrivateFolder(path: string, owner: Owner): void {
  makeFolder(path, 0o700);
  const handle = openFolder(path);
  try {
    const { uid } = fstatSync(handle);
    if (uid !== owner.uid && uid !== process.getuid?.()) {
      throw unsafe(path, `it belongs to uid ${uid}`);
    }
    fchmodSync(handle, 0o700);
    fchownSync(handle, owner.uid, owner.gid);
  } finally {
    closeSync(handle);
  }
}

interface Replacement {
  readonly folder: string;
  readonly name: string;
  readonly content: string;
  readonly owner: Owner;
}

/** Writes a file (0400) beside its place and moves it there: a reader sees the old one or the new one. */
export function replaceFile({ folder, name, content, owner }: Replacement): void {
  const draft = join(folder, `.${name}.${randomBytes(6).toString('hex')}`);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const handle = openSync(draft, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o400);
  try {
    writeFileSync(handle, content);
    fchownSync(handle, owner.uid, owner.gid);
    renameSync(draft, join(folder, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}

function openFolder(path: string): number {
  const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
  try {
    return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ELOOP' || code === 'ENOTDIR') throw unsafe(path, 'it is not a folder');
    throw error;
  }
}

function unsafe(path: string, reason: string): RefusedError {
  return new RefusedError(`Secrets can't be kept in ${path}: ${reason}.`, {
    code: 'RUNTIME_FOLDER_UNSAFE',
    suggestions: [`Remove ${path}.`],
  });
}
