import { statSync } from 'node:fs';
import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import type { User } from '../registry/rows.ts';
import { decideVolume, type VolumeDecision } from './decide.ts';
import { storageObstacle } from './enforceable.ts';
import { measureFolder } from './measure.ts';
import type { Mount } from './mounts.ts';
import { growImage, packInto, unpackImage } from './move.ts';
import { volumePaths, type VolumePaths } from './paths.ts';
import { storageQuota } from './quota.ts';
import { finishMoves, findMount, hasTraces } from './recover.ts';
import { StorageError } from './tools.ts';
import { systemVolumes, type Volumes } from './volumes.ts';

export interface SettleOptions {
  /** Stops the user's containers: called before something is mounted or moved under them. */
  readonly stop: () => Promise<void>;
  readonly volumes?: Volumes;
}

/**
 * Brings a user's workspace to what their quota says: mounts its file system, grows it, or moves the
 * files. Before it returns no container may be started. Can be killed and run again. True when it
 * changed something. Throws RefusedError when the quota can't hold, StorageError.
 */
export async function settleVolume(
  context: Context,
  user: User,
  { stop, volumes = systemVolumes(context) }: SettleOptions,
): Promise<boolean> {
  const { config, progress } = context;
  const quota = storageQuota(config, user);
  const paths = volumePaths(user.workspace);
  const traces = user.workspaceManaged && hasTraces(paths);
  if (quota === undefined && !traces) return false;

  const obstacle = storageObstacle(context, user.workspace)?.reason;
  const place = { volumes, paths, stop };
  const mended = traces && obstacle === undefined && (await finishMoves(place));
  const imageBytes = user.workspaceManaged ? sizeOf(paths.image) : undefined;
  const mount = imageBytes === undefined ? undefined : await findMount(volumes, paths.workspace);
  const mustMove = quota === undefined || imageBytes === undefined || imageBytes > quota.bytes;
  const decision = decideVolume({
    quota,
    obstacle,
    imageBytes,
    unfilled: mount !== undefined && (await isUnfilled(volumes, paths)),
    used: (mustMove && measureFolder(paths.workspace, Infinity)) || { bytes: 0, entries: 0 },
  });
  if ('notice' in decision) progress.notice(`${user.name}: ${decision.notice}`);
  return (await act({ ...place, user, mount }, decision)) || mended;
}

/** Takes the workspace's file system off the host, once no container uses it. Its files stay in the image. */
export async function releaseVolume(
  context: Context,
  user: User,
  volumes: Volumes = systemVolumes(context),
): Promise<void> {
  const paths = volumePaths(user.workspace);
  if (context.uid !== 0 || !user.workspaceManaged || !hasTraces(paths)) return;
  for (const folder of [paths.stagedFolder, paths.workspace]) {
    if (await findMount(volumes, folder)) await volumes.unmount(folder);
  }
}

interface Act {
  readonly volumes: Volumes;
  readonly paths: VolumePaths;
  readonly stop: () => Promise<void>;
  readonly user: User;
  readonly mount: Mount | undefined;
}

async function act(place: Act, decision: VolumeDecision): Promise<boolean> {
  switch (decision.action) {
    case 'leave':
      return false;
    case 'refuse':
      throw refused(place.user, decision);
    case 'keep':
      if (decision.growTo !== undefined) await grow(place, decision.growTo);
      return decision.growTo !== undefined;
    case 'move':
      await packInto(place, place.user, decision.bytes);
      return true;
    case 'unpack':
      await unpackImage(place);
      return true;
  }
}

// Growing in use needs CAP_SYS_RESOURCE, which root has not everywhere.
async function grow(place: Act, bytes: number): Promise<void> {
  try {
    await growImage(place, bytes);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    await packInto(place, place.user, bytes);
  }
}

// The tenant's file system may lag behind its image by less than one group, which it can't use.
async function isUnfilled(volumes: Volumes, { image, workspace }: VolumePaths): Promise<boolean> {
  const { totalBytes } = await volumes.capacity(workspace);
  return (sizeOf(image) ?? 0) - totalBytes >= 2 ** 20;
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function refused(user: User, { reason, code }: VolumeDecision & { action: 'refuse' }) {
  return new RefusedError(`The storage quota of ${user.name} can't be as asked. ${reason}`, {
    code,
    suggestions:
      code === 'STORAGE_TOO_SMALL'
        ? ['Delete files, or ask for more.']
        : [`mcpd user update ${user.name} --storage 0, to go without a quota`],
  });
}
