import { statSync } from 'node:fs';
import type { Context } from '../context.ts';
import type { User } from '../registry/rows.ts';
import type { VolumeFacts } from './decide.ts';
import { storageObstacle } from './enforceable.ts';
import { measureFolder } from './measure.ts';
import { volumePaths } from './paths.ts';
import { storageQuota } from './quota.ts';
import { findMount, hasTraces } from './recover.ts';
import type { Volumes } from './volumes.ts';

/** Looks at one user's workspace; undefined when it is a plain folder and should be. Changes nothing. */
export async function volumeFacts(
  context: Context,
  user: User,
  volumes: Volumes,
): Promise<VolumeFacts | undefined> {
  const { workspace, workspaceManaged } = user;
  const quota = storageQuota(context.config, user);
  const paths = volumePaths(workspace);
  if (quota === undefined && !(workspaceManaged && hasTraces(paths))) return undefined;
  const obstacle = storageObstacle(context, workspace)?.reason;
  const imageBytes = workspaceManaged ? sizeOf(paths.image) : undefined;
  const mounted = imageBytes !== undefined && (await findMount(volumes, workspace)) !== undefined;
  // Counting takes long, and says nothing where nothing can move.
  const mayMove = quota === undefined || imageBytes === undefined || imageBytes > quota.bytes;
  const counted = mayMove && obstacle === undefined && measureFolder(workspace, Infinity);
  return {
    quota,
    obstacle,
    imageBytes,
    mounted,
    unfilled: mounted && (await isUnfilled(volumes, { workspace, imageBytes })),
    used: counted || { bytes: 0, entries: 0 },
  };
}

// A file system may lag behind its image by less than one group, which it can't use.
async function isUnfilled(
  volumes: Volumes,
  { workspace, imageBytes }: { workspace: string; imageBytes: number },
): Promise<boolean> {
  const { totalBytes } = await volumes.capacity(workspace);
  return imageBytes - totalBytes >= 2 ** 20;
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
