import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import type { Mount } from './mounts.ts';
import type { VolumePaths } from './paths.ts';
import type { Volumes } from './volumes.ts';

/** One user's workspace, and the means to change what it is. */
export interface Place {
  readonly volumes: Volumes;
  readonly paths: VolumePaths;
  /** Stops the user's containers; may be called any number of times. */
  readonly stop: () => Promise<void>;
}

/** Whether the workspace is, or is becoming, more than a plain folder. */
export function hasTraces({ image, stagedImage, stagedFolder, plain, old }: VolumePaths): boolean {
  return [image, stagedImage, stagedFolder, plain, old].some((path) => existsSync(path));
}

/**
 * Finishes what a killed command began, or throws it away, and mounts the image when there is one. What
 * says how far it got is which names exist. True when something was to do.
 */
export async function finishMoves(place: Place): Promise<boolean> {
  const { volumes, paths, stop } = place;
  const discarded = await discardStaged(place);
  if (existsSync(paths.plain)) {
    await stop();
    await finishUnpacking(place);
    return true;
  }
  if (!existsSync(paths.image)) return discarded;
  const isMounted = (await findMount(volumes, paths.workspace)) !== undefined;
  if (!isMounted) {
    await stop();
    await mountImage(place);
  }
  rmSync(paths.old, { recursive: true, force: true });
  return discarded || !isMounted;
}

/** What is not complete goes. Its mount first: deleting must not reach into a file system. */
export async function discardStaged({ volumes, paths }: Omit<Place, 'stop'>): Promise<boolean> {
  const { stagedFolder, stagedImage } = paths;
  if (!existsSync(stagedFolder) && !existsSync(stagedImage)) return false;
  if (await findMount(volumes, stagedFolder)) await volumes.unmount(stagedFolder);
  rmSync(stagedFolder, { recursive: true, force: true });
  rmSync(stagedImage, { force: true });
  return true;
}

/**
 * Mounts the image where no container has been started since. A folder with files in it, whose copies the
 * image has, is set aside.
 */
export async function mountImage({ volumes, paths }: Omit<Place, 'stop'>): Promise<void> {
  const { workspace, image, old } = paths;
  const folder = statSync(workspace, { throwIfNoEntry: false });
  if (folder !== undefined && !isBare(folder)) {
    rmSync(old, { recursive: true, force: true });
    renameSync(workspace, old);
  }
  makeBare(workspace);
  await volumes.mount(image, workspace);
  rmSync(old, { recursive: true, force: true });
}

/** From a complete copy in `plain` to a plain workspace without an image. */
export async function finishUnpacking({ volumes, paths }: Omit<Place, 'stop'>): Promise<void> {
  const { workspace, image, plain } = paths;
  if (await findMount(volumes, workspace)) await volumes.unmount(workspace);
  rmSync(image, { force: true });
  if (existsSync(workspace)) rmdirSync(workspace);
  renameSync(plain, workspace);
}

export async function findMount(volumes: Volumes, folder: string): Promise<Mount | undefined> {
  return (await volumes.mounts()).find((mount) => mount.folder === folder);
}

/**
 * What is there while nothing is mounted: root's, and closed to everybody, so that a tenant whose file
 * system is missing writes nowhere.
 */
function makeBare(folder: string): void {
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0 });
  chownSync(folder, 0, 0);
  chmodSync(folder, 0);
}

function isBare({ uid, mode }: { uid: number; mode: number }): boolean {
  return uid === 0 && (mode & 0o777) === 0;
}
