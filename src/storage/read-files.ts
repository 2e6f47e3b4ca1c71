import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import type { Context } from '../context.ts';
import type { User } from '../registry/rows.ts';
import { volumePaths } from './paths.ts';
import { discardStaged, findMount } from './recover.ts';
import { systemVolumes, type Volumes } from './volumes.ts';

/**
 * Runs `read` with the folder that a user's files are in. A file system that isn't mounted, as of a user
 * who is down, is mounted meanwhile where whoever comes after a killed command takes it away. The caller
 * holds the user's lease: no image may be mounted twice.
 */
export async function withFiles<Result>(
  context: Pick<Context, 'env'>,
  { workspace, workspaceManaged }: User,
  read: (folder: string) => Promise<Result>,
): Promise<Result> {
  const volumes: Volumes = systemVolumes(context);
  const paths = volumePaths(workspace);
  const isMounted = async () => (await findMount(volumes, workspace)) !== undefined;
  if (!workspaceManaged || !existsSync(paths.image) || (await isMounted())) return read(workspace);
  await discardStaged({ volumes, paths });
  mkdirSync(paths.stagedFolder, { mode: 0o700 });
  try {
    await volumes.mount(paths.image, paths.stagedFolder);
    return await read(paths.stagedFolder);
  } finally {
    if (await findMount(volumes, paths.stagedFolder)) await volumes.unmount(paths.stagedFolder);
    rmdirSync(paths.stagedFolder);
  }
}
