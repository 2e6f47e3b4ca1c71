import { readFile, statfs, truncate, writeFile } from 'node:fs/promises';
import { parseMounts, type Mount } from './mounts.ts';
import { run, type Tools } from './tools.ts';

/** Makes and mounts file systems that are in files. What decides knows nothing of its commands. */
export interface Volumes {
  /** What is mounted on this host now. */
  mounts(): Promise<readonly Mount[]>;
  /** An empty file system in a new sparse file of this size. Throws StorageError. */
  make(image: string, bytes: number): Promise<void>;
  mount(image: string, folder: string): Promise<void>;
  unmount(folder: string): Promise<void>;
  /** Tells a mounted image's device that the file has another length now. */
  measureAgain(mount: Mount): Promise<void>;
  /** Grows a mounted file system to all of its device, under whoever uses it. */
  fill(mount: Mount): Promise<void>;
  /** Copies everything in a folder, with owners, modes, links and times. */
  copy(from: string, to: string): Promise<void>;
  /** Of the file system that a folder is on. */
  capacity(folder: string): Promise<Capacity>;
}

export interface Capacity {
  readonly totalBytes: number;
  /** What somebody who isn't root can still write. */
  readonly freeBytes: number;
}

/**
 * - `nosuid,nodev`: a tenant's file is never a way to become somebody.
 * - `discard`: what is deleted in it is freed on the host too.
 * - `minixdf`: its size is the image's, its own tables count as used, so that full is 100 %.
 */
const mountOptions = 'loop,nosuid,nodev,noatime,discard,minixdf';

/**
 * Blocks of one size, so that a small one can grow; a small log; an inode per 8 KiB, for trees of small
 * files; read-only on damage.
 */
const makeOptions = ['-q', '-F', '-m', '0', '-b', '4096', '-i', '8192', '-J', 'size=4'];
const safeOptions = ['-e', 'remount-ro', '-E', 'nodiscard'];

/** This host's own mkfs.ext4, mount, umount, losetup, resize2fs and cp; never by a shell. */
export function systemVolumes(tools: Tools): Volumes {
  return {
    mounts: async () => parseMounts(await readFile('/proc/self/mountinfo', 'utf8')),
    make: async (image, bytes) => {
      // All of a tenant's files can be read from it.
      await writeFile(image, '', { mode: 0o600, flag: 'wx' });
      await truncate(image, bytes);
      await run(tools, ['mkfs.ext4', ...makeOptions, ...safeOptions, image]);
    },
    mount: (image, folder) =>
      run(tools, ['mount', '-t', 'ext4', '-o', mountOptions, image, folder]),
    unmount: (folder) => run(tools, ['umount', folder]),
    measureAgain: ({ device }) => run(tools, ['losetup', '-c', device]),
    fill: ({ device }) => run(tools, ['resize2fs', device]),
    copy: (from, to) => run(tools, ['cp', '-a', '--', `${from}/.`, to]),
    capacity: async (folder) => {
      const { blocks, bavail, bsize } = await statfs(folder);
      return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    },
  };
}
