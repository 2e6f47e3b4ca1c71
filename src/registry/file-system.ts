import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { RefusedError } from '../errors.ts';

/**
 * `f_type` of file systems whose locks or shared memory SQLite's WAL can't rely on (statfs(2)).
 * FUSE is not among them: its type says nothing about whether it is local.
 */
const networkFileSystems = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x0bd00bd0, 'Lustre'],
  [0x786f4256, 'VirtualBox shared folder'],
]);

/** `f_type` of the file system that holds `path`, or will when it is made. */
export function fileSystemType(path: string): number {
  try {
    return statfsSync(path).type;
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    return fileSystemType(parent);
  }
}

/** Throws RefusedError when state kept at `path` could be corrupted by a network file system. */
export function refuseNetworkFileSystem(path: string, type: number): void {
  // The kernel's value is a C long, which may arrive sign-extended.
  const name = networkFileSystems.get(type >>> 0);
  if (name === undefined) return;
  throw new RefusedError(`${path} is on a network file system (${name}), where locks can fail.`, {
    code: 'NETWORK_FILE_SYSTEM',
    suggestions: ['Set MCPD_HOME to a folder on a local disk.'],
  });
}
