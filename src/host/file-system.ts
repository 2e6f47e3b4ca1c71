import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface FileSystem {
  /** Kept in memory only: nothing on it survives a reboot or reaches a disk. */
  readonly isMemory: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

// f_type of tmpfs and ramfs.
const memoryTypes = new Set([0x01_02_19_94, 0x85_84_58_f6]);

/** The file system that a path is on, or would be once it is made; undefined when it can't be seen. */
export async function fileSystemOf(path: string): Promise<FileSystem | undefined> {
  try {
    const { type, bsize, bavail, blocks } = await statfs(path);
    return {
      isMemory: memoryTypes.has(type),
      freeBytes: bavail * bsize,
      totalBytes: blocks * bsize,
    };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing && dirname(path) !== path ? fileSystemOf(dirname(path)) : undefined;
  }
}
