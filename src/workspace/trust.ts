import { lstatSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { RefusedError } from '../errors.ts';

/** What the file system says about one path, links not followed. */
export interface FileFact {
  readonly kind: 'directory' | 'link' | 'other';
  readonly uid: number;
  readonly mode: number;
}

/** The questions path rules ask, so that tests can answer them. */
export interface FileFacts {
  /** The path with every link resolved; undefined when it, or what it links to, isn't there. */
  realpath(path: string): string | undefined;
  fact(path: string): FileFact | undefined;
}

export const realFiles: FileFacts = {
  realpath: (path) => unlessMissing(path, () => realpathSync.native(path)),
  fact: (path) => {
    const stat = unlessMissing(path, () => lstatSync(path));
    if (stat === undefined) return undefined;
    const kind = stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other';
    return { kind, uid: stat.uid, mode: stat.mode };
  },
};

/** Whose folders nobody but mcpd and root can change: root's, and the caller's own when it isn't root. */
export function trustedOwners(callerUid: number): ReadonlySet<number> {
  return new Set([0, callerUid]);
}

interface TrustOptions {
  readonly owners: ReadonlySet<number>;
  readonly facts: FileFacts;
}

/**
 * Why somebody else could swap a component of `folder`, from the root down to and including it;
 * undefined when nobody can. A sticky folder such as /tmp lets nobody replace another's entry, so
 * it may be an ancestor, but not the folder itself: there anyone could create the next entry first.
 */
export function distrust(folder: string, { owners, facts }: TrustOptions): string | undefined {
  for (const component of ancestry(folder)) {
    const fact = facts.fact(component);
    if (fact === undefined) return undefined;
    if (fact.kind !== 'directory') return `${component} is not a folder`;
    if (!owners.has(fact.uid)) return `${component} belongs to uid ${fact.uid}`;
    const sticky = (fact.mode & 0o1000) !== 0 && component !== folder;
    if ((fact.mode & 0o022) !== 0 && !sticky) return `${component} is writable by others`;
  }
  return undefined;
}

/** Why somebody else could change a file, links resolved, or put another in its place; undefined when nobody can. */
export function distrustFile(file: string, options: TrustOptions): string | undefined {
  const { owners, facts } = options;
  const unsafe = distrust(dirname(file), options);
  const fact = facts.fact(file);
  if (unsafe !== undefined || fact === undefined) return unsafe;
  if (!owners.has(fact.uid)) return `it belongs to uid ${fact.uid}`;
  return (fact.mode & 0o022) === 0 ? undefined : 'it is writable by others';
}

/** `/`, `/srv`, `/srv/bob` for `/srv/bob`. */
function ancestry(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestry(parent), path];
}

function unlessMissing<T>(path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    if (code !== 'EACCES') throw error;
    throw new RefusedError(`You may not look into ${dirname(path)}.`, {
      code: 'NOT_ACCESSIBLE',
      suggestions: ['Run the command with sudo, or choose another folder.'],
      cause: error,
    });
  }
}
