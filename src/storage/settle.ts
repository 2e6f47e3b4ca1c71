import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import type { User } from '../registry/rows.ts';
import { decideVolume, type VolumeDecision } from './decide.ts';
import { volumeFacts } from './facts.ts';
import { growImage, packInto, unpackImage } from './move.ts';
import { mountOperation, storageOperations, type StorageOperation } from './operations.ts';
import { volumePaths } from './paths.ts';
import { finishMoves, findMount, hasTraces, type Place } from './recover.ts';
import { StorageError } from './tools.ts';
import { systemVolumes, type Volumes } from './volumes.ts';

export interface SettleOptions {
  /** Stops the user's containers: called before something is mounted or moved under them. */
  readonly stop: () => Promise<void>;
  readonly volumes?: Volumes;
}

/**
 * Brings a user's workspace to what their quota says: mounts its file system, grows it, or moves the
 * files. Before it returns no container may be started. Can be killed and run again. Gives what it did.
 * Throws RefusedError when the quota can't hold, StorageError.
 */
export async function settleVolume(
  context: Context,
  user: User,
  { stop, volumes = systemVolumes(context) }: SettleOptions,
): Promise<readonly StorageOperation[]> {
  const before = await volumeFacts(context, user, volumes);
  if (before === undefined) return [];
  const place = { volumes, paths: volumePaths(user.workspace), stop };
  const isMended = before.obstacle === undefined && (await finishMoves(place));
  const facts = isMended ? await volumeFacts(context, user, volumes) : before;
  const mended = facts?.mounted && !before.mounted ? [mountOperation(user.name)] : [];
  if (facts === undefined) return mended;
  const decision = decideVolume(facts);
  if ('notice' in decision) context.progress.notice(`${user.name}: ${decision.notice}`);
  await act({ ...place, user }, decision);
  return [...mended, ...storageOperations(user.name, facts, decision)];
}

/** What `settleVolume` would do. Changes nothing. Throws RefusedError when the quota can't hold. */
export async function previewVolume(
  context: Context,
  user: User,
  volumes: Volumes = systemVolumes(context),
): Promise<readonly StorageOperation[]> {
  const facts = await volumeFacts(context, user, volumes);
  if (facts === undefined) return [];
  const decision = decideVolume(facts);
  if (decision.action === 'refuse') throw refused(user, decision);
  return storageOperations(user.name, facts, decision);
}

/**
 * Mounts the workspace's file system where no container of the user runs, and finishes a move that was
 * cut off. True when something was to do.
 */
export async function remountVolume(
  context: Context,
  user: User,
  volumes: Volumes = systemVolumes(context),
): Promise<boolean> {
  const paths = volumePaths(user.workspace);
  if (context.uid !== 0 || !user.workspaceManaged || !hasTraces(paths)) return false;
  return finishMoves({ volumes, paths, stop: async () => {} });
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

type Act = Place & { readonly user: User };

async function act(place: Act, decision: VolumeDecision): Promise<void> {
  switch (decision.action) {
    case 'leave':
      return;
    case 'refuse':
      throw refused(place.user, decision);
    case 'keep':
      if (decision.growTo !== undefined) await grow(place, decision.growTo);
      return;
    case 'move':
      return packInto(place, place.user, decision.bytes);
    case 'unpack':
      return unpackImage(place);
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

function refused(user: User, { reason, code }: VolumeDecision & { action: 'refuse' }) {
  return new RefusedError(`The storage quota of ${user.name} can't be as asked. ${reason}`, {
    code,
    suggestions:
      code === 'STORAGE_TOO_SMALL'
        ? ['Delete files, or ask for more.']
        : [`mcpd user update ${user.name} --storage 0, to go without a quota`],
  });
}
