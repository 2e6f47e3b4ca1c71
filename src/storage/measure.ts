import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Used } from './decide.ts';

/**
 * What a folder takes of its disk, as `du -x` counts: links aren't followed, other file systems not
 * entered, a file of several names is counted once. Undefined when there are more than `most` entries,
 * or some can't be seen.
 */
export function measureFolder(folder: string, most = 200_000): Used | undefined {
  try {
    const root = lstatSync(folder);
    return walk({ folder, device: root.dev, most });
  } catch {
    return undefined;
  }
}

interface Walk {
  readonly folder: string;
  readonly device: number;
  readonly most: number;
}

function walk({ folder, device, most }: Walk): Used | undefined {
  const linked = new Set<number>();
  const folders = [folder];
  let bytes = 0;
  let entries = 0;
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const name of namesIn(next)) {
      entries += 1;
      if (entries > most) return undefined;
      const path = join(next, name);
      // A file may go while it is counted.
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || stat.dev !== device) continue;
      if (stat.isDirectory()) folders.push(path);
      else if (stat.nlink > 1 && linked.has(stat.ino)) continue;
      else if (stat.nlink > 1) linked.add(stat.ino);
      bytes += stat.blocks * 512;
    }
  }
  return { bytes, entries };
}

// A folder may go while it is counted.
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
