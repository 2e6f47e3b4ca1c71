import { readFileSync, statSync, type Stats } from 'node:fs';

/** A file changed this recently may change again within the same time stamp, so it counts as changed. */
const settledMs = 2_000;

/**
 * Whether a file of the host is another one than at the last look. It is looked at on every question, so
 * a change holds from the next request on, with no watcher to lose an event.
 */
export function watchFile(file: string): () => 'missing' | 'same' | 'changed' {
  let seen: Stats | undefined;
  return () => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) return 'missing';
    const isSettled = Math.abs(Date.now() - stat.mtimeMs) > settledMs;
    if (seen && isSettled && isSame(seen, stat)) return 'same';
    seen = isSettled ? stat : undefined;
    return 'changed';
  };
}

/**
 * What a file of the host says. `parse` gets undefined for a file that is missing or unreadable, and
 * gives the same value again until the file changes.
 */
export function watched<T>(file: string, parse: (content: Buffer | undefined) => T): () => T {
  const look = watchFile(file);
  const missing = parse(undefined);
  let value = missing;
  return () => {
    const state = look();
    if (state === 'missing') return missing;
    if (state === 'changed') value = parse(read(file));
    return value;
  };
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
