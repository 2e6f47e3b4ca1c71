import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Home } from '../config/home.ts';
import { systemVolumes } from './volumes.ts';

/** What this host has of a home's workspaces that are file systems. */
export interface VolumeOverview {
  /** Paths of the images, below the home's users. */
  readonly images: readonly string[];
  /** Folders below the home's users that something is mounted on. */
  readonly mounted: readonly string[];
  /** Loop devices of files below the home's users that are not mounted on this host: `/dev/loop3`. */
  readonly unmountedDevices: readonly string[];
}

/** Looks; changes nothing. Empty where nothing can be seen. */
export async function surveyVolumes(home: Home, env: NodeJS.ProcessEnv): Promise<VolumeOverview> {
  const below = `${home.users}/`;
  const mounts = await systemVolumes({ env })
    .mounts()
    .catch(() => []);
  const mountedDevices = new Set(mounts.map(({ device }) => device));
  const devices = await loopDevices();
  return {
    images: await findImages(home.users),
    mounted: mounts.map(({ folder }) => folder).filter((folder) => folder.startsWith(below)),
    unmountedDevices: devices
      .filter(({ file, device }) => file.startsWith(below) && !mountedDevices.has(device))
      .map(({ device }) => device),
  };
}

async function findImages(users: string): Promise<string[]> {
  const ids = await namesIn(users);
  const folders = await Promise.all(
    ids.map(async (id) => ({ id, names: await namesIn(join(users, id)) })),
  );
  return folders
    .filter(({ names }) => names.includes('workspace.img'))
    .map(({ id }) => join(users, id, 'workspace.img'));
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function loopDevices(): Promise<{ device: string; file: string }[]> {
  const names = await readdir('/sys/block').catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => name.startsWith('loop'))
      .map(async (name) => ({
        device: `/dev/${name}`,
        file: await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
      })),
  );
  return found.filter(({ file }) => file !== '');
}
