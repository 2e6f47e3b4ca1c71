import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RefusedError } from '../errors.ts';
import { formatBytes } from '../policy/bytes.ts';
import { measureFolder } from './measure.ts';
import type { VolumePaths } from './paths.ts';
import { discardStaged, findMount, finishUnpacking, mountImage, type Place } from './recover.ts';
import type { Volumes } from './volumes.ts';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Moves the workspace's files into a new image of this size, and mounts it. Until the new image has its
 * name nothing of the old is touched. Throws RefusedError when the disk lacks room for both.
 */
export async function packInto(place: Place, owner: Owner, bytes: number): Promise<void> {
  const { volumes, paths, stop } = place;
  await requireRoom(place);
  await stop();
  try {
    mkdirSync(paths.stagedFolder, { mode: 0o700 });
    await volumes.make(paths.stagedImage, bytes);
    await volumes.mount(paths.stagedImage, paths.stagedFolder);
    await fillStaged(place, owner);
    await volumes.unmount(paths.stagedFolder);
    sync(paths.stagedImage);
    // An older image gives way to one of another size.
    if (await findMount(volumes, paths.workspace)) await volumes.unmount(paths.workspace);
    renameSync(paths.stagedImage, paths.image);
    sync(dirname(paths.image));
  } catch (error) {
    await discardStaged(place).catch(() => undefined);
    throw error;
  }
  await discardStaged(place);
  await mountImage(place);
}

/**
 * Moves the files of a mounted image back into a plain folder. Throws RefusedError when the disk lacks room
 * for both.
 */
export async function unpackImage(place: Place): Promise<void> {
  const { volumes, paths, stop } = place;
  await requireRoom(place);
  await stop();
  try {
    mkdirSync(paths.stagedFolder, { mode: 0o700 });
    await volumes.copy(paths.workspace, paths.stagedFolder);
    renameSync(paths.stagedFolder, paths.plain);
    sync(dirname(paths.plain));
  } catch (error) {
    await discardStaged(place).catch(() => undefined);
    throw error;
  }
  await finishUnpacking(place);
}

/** Makes a mounted image larger, under whoever uses it. Throws StorageError, and leaves it as it was. */
export async function growImage(
  { volumes, paths }: Omit<Place, 'stop'>,
  bytes: number,
): Promise<void> {
  const mount = await findMount(volumes, paths.workspace);
  if (mount === undefined) throw new Error(`${paths.workspace} is not mounted`);
  const { size } = await stat(paths.image);
  await truncate(paths.image, bytes);
  try {
    await volumes.measureAgain(mount);
    await volumes.fill(mount);
  } catch (error) {
    const { totalBytes } = await volumes.capacity(paths.workspace);
    if (totalBytes <= size) {
      await truncate(paths.image, size);
      await volumes.measureAgain(mount);
    }
    throw error;
  }
}

/** Whether the disk that a workspace is on can hold its files twice. */
export async function hasRoom(volumes: Volumes, paths: VolumePaths): Promise<boolean> {
  return (await missingBytes(volumes, paths)) <= 0;
}

async function requireRoom({ volumes, paths }: Place): Promise<void> {
  const missing = await missingBytes(volumes, paths);
  if (missing <= 0) return;
  throw new RefusedError(
    `The files of ${paths.workspace} can't be moved: the disk lacks ${formatBytes(missing)} for a second copy.`,
    { code: 'STORAGE_NO_ROOM', suggestions: ['mcpd doctor', 'mcpd image prune'] },
  );
}

async function missingBytes(volumes: Volumes, { workspace }: VolumePaths): Promise<number> {
  const used = measureFolder(workspace, Infinity)?.bytes ?? 0;
  const { freeBytes } = await volumes.capacity(dirname(workspace));
  return used - freeBytes;
}

// What mkfs puts there is root's, and a server listing its workspace would stumble over it.
async function fillStaged({ volumes, paths }: Place, { uid, gid }: Owner): Promise<void> {
  rmSync(join(paths.stagedFolder, 'lost+found'), { recursive: true, force: true });
  if (existsSync(paths.workspace)) await volumes.copy(paths.workspace, paths.stagedFolder);
  chownSync(paths.stagedFolder, uid, gid);
  chmodSync(paths.stagedFolder, 0o700);
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
