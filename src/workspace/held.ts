import { constants, openSync } from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** A handle of a folder, never by a link. Whoever opens it closes it. */
export function holdFolder(path: string | Buffer): number {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/**
 * The path of a folder that is held open. Tenants may rename and replace while their files are read: what is
 * looked up by this path is in that folder all the same, wherever it has been moved. Names are bytes.
 */
export function heldPath(handle: number, name?: Buffer): string | Buffer {
  const place = `/proc/self/fd/${handle}`;
  return name === undefined ? place : Buffer.concat([Buffer.from(`${place}/`), name]);
}
