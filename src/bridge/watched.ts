import { fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';

/** What changed this recently may change again within the same time stamp, so it counts as changed. */
const settledMs = 2_000;
/** A file that nothing has taken the place of is looked at again after this, in case it was written to. */
const trustedMs = 1_000;

/** The same number as before when nothing was put in a folder or taken out since; undefined when that can't be told. */
export type FolderWatch = () => number | undefined;

/**
 * Watches a folder of the host, in which files are replaced as a whole: that shows in the folder's own
 * times. They are looked at once in a millisecond, since a request asks several times; with the folder held
 * open that takes a fraction of a path.
 */
export function watchFolder(folder: string): FolderWatch {
  const fd = openSync(folder, 'r');
  let seen: Stats | undefined;
  let lookedAt = -Infinity;
  let version = 0;
  let settled: number | undefined;
  return () => {
    const now = Date.now();
    if (now === lookedAt) return settled;
    lookedAt = now;
    const stat = fstatSync(fd);
    if (!seen || !isSame(seen, stat)) version += 1;
    seen = stat;
    settled = isSettled(stat) ? version : undefined;
    return settled;
  };
}

/**
 * Whether a file of the host is another one than at the last look. It, or its folder, is looked at when a
 * request asks, so a change holds from the next millisecond on, with no watcher to lose an event.
 */
export function watchFile(
  file: string,
  folder: FolderWatch = () => undefined,
): () => 'missing' | 'same' | 'changed' {
  let seen: Stats | undefined;
  let known: { version: number | undefined; at: number; isMissing: boolean } | undefined;
  const look = (): 'missing' | 'same' | 'changed' => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) return 'missing';
    const settled = isSettled(stat);
    if (seen && settled && isSame(seen, stat)) return 'same';
    seen = settled ? stat : undefined;
    return 'changed';
  };
  return () => {
    // First the folder: what takes the file's place after this look is then new at the next one.
    const version = folder();
    const now = Date.now();
    if (known && version !== undefined && version === known.version) {
      if (Math.abs(now - known.at) < trustedMs) return known.isMissing ? 'missing' : 'same';
    }
    const state = look();
    known = { version, at: now, isMissing: state === 'missing' };
    return state;
  };
}

/**
 * What a file of the host says. `parse` gets undefined for a file that is missing or unreadable, and
 * gives the same value again until the file changes.
 */
export function watched<T>(
  file: string,
  parse: (content: Buffer | undefined) => T,
  folder?: FolderWatch,
): () => T {
  const look = watchFile(file, folder);
  const missing = parse(undefined);
  let value = missing;
  return () => {
    const state = look();
    if (state === 'missing') return missing;
    if (state === 'changed') value = parse(read(file));
    return value;
  };
}

function isSettled({ mtimeMs }: Stats): boolean {
  return Math.abs(Date.now() - mtimeMs) > settledMs;
}

/** Times are kept to a quarter of a microsecond, while file systems tick in milliseconds. */
function isSame(one: Stats, other: Stats): boolean {
  return (
    one.mtimeMs === other.mtimeMs &&
    one.ctimeMs === other.ctimeMs &&
    one.ino === other.ino &&
    one.size === other.size
  );
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
