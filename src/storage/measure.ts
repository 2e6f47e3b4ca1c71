import { closeSync, fstatSync, lstatSync, readdirSync } from 'node:fs';
import { heldPath, holdFolder } from '../workspace/held.ts';
import type { Used } from './decide.ts';

/**
 * What a folder takes of its disk, as `du -x` counts: links aren't followed, other file systems not
 * entered, a file of several names is counted once. Undefined when there are more than `most` entries,
 * or some can't be seen.
 */
export function measureFolder(folder: string, most = 200_000): Used | undefined {
  try {
    const root = holdFolder(folder);
    const count = {
      device: fstatSync(root).dev,
      most,
      linked: new Set<number>(),
      bytes: 0,
      entries: 0,
    };
    addFolder(count, root);
    return { bytes: count.bytes, entries: count.entries };
  } catch {
    return undefined;
  }
}

interface Count {
  readonly device: number;
  readonly most: number;
  /** Inodes of files that have more names than one. */
  readonly linked: Set<number>;
  bytes: number;
  entries: number;
}

/** Closes the handle. Throws when there is too much. */
function addFolder(count: Count, handle: number): void {
  try {
    for (const name of readdirSync(heldPath(handle), { encoding: 'buffer' })) {
      count.entries += 1;
      if (count.entries > count.most) throw new Error('too many entries');
      addEntry(count, heldPath(handle, name));
    }
  } finally {
    closeSync(handle);
  }
}

function addEntry(count: Count, path: string | Buffer): void {
  // It may go while it is counted, or be replaced.
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.dev !== count.device) return;
  if (stat.isDirectory()) {
    const handle = holdIfThere(path);
    if (handle !== undefined) addFolder(count, handle);
  } else if (stat.nlink > 1) {
    if (count.linked.has(stat.ino)) return;
    count.linked.add(stat.ino);
  }
  count.bytes += stat.blocks * 512;
}

function holdIfThere(path: string | Buffer): number | undefined {
  try {
    return holdFolder(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ELOOP', 'ENOTDIR'].includes(code)) return undefined;
    throw error;
  }
}
