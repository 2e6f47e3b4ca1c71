import { readFileSync, statSync } from 'node:fs';

/** A file changed this recently may change again within the same time stamp, so it is read again. */
const settledMs = 2_000;

/**
 * What a file of the host says. It is looked at on every question, so a change holds from the next
 * request on, with no watcher to lose an event. `parse` gets undefined for a file that is missing or
 * unreadable, and gives the same value again until the file changes.
 */
export function watched<T>(file: string, parse: (content: Buffer | undefined) => T): () => T {
  const missing = parse(undefined);
  let version = '';
  let value = missing;
  return () => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (!stat?.isFile()) return missing;
    const isSettled = Math.abs(Date.now() - Number(stat.mtimeMs)) > settledMs;
    const current = isSettled ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : '';
    if (current === '' || current !== version) {
      value = parse(read(file));
      version = current;
    }
    return value;
  };
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
