import { admitted } from '../admission/admit.ts';
import { undisturbed, type Context } from '../context.ts';
import { UnhealthyError } from '../errors.ts';
import { converge } from '../reconcile/converge.ts';
import { leaveUid } from '../registry/quarantine.ts';
import type { User } from '../registry/rows.ts';
import { findUserById, getUserById, updateUser } from '../registry/users.ts';
import { erase } from '../user/erase.ts';
import { withNamedUser, withUser, type Named } from '../user/lease.ts';
import { packSnapshot } from './backup.ts';
import {
  notReadyThere,
  requireHalfMoved,
  requireLasting,
  requireTwoHomes,
  type Homes,
} from './may-move.ts';
import { describeMove, type Carried } from './moved.ts';
import { planRestore } from './plan-restore.ts';
import { readArchive } from './read-archive.ts';
import { restoreArchive } from './restore.ts';
import type { MoveResult } from './result.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';

export interface MoveRequest extends Named {
  /** The name they get there. */
  readonly newName: string;
  /** Why they may have templates there that are too risky for them and not approved here. */
  readonly approval: string | undefined;
  /** How long to wait until servers are ready there; undefined: they aren't started. */
  readonly waitMs: number | undefined;
}

/**
 * Moves a user to another home: taken down here, restored there as they are backed up, started there,
 * and only then removed here. Their id goes with them: by it a move that was killed is known, and
 * finished. Throws what `restore` does, and they are up here again; UnhealthyError when they don't get
 * ready there: they are in both homes then, and down here.
 */
export async function moveUser(homes: Homes, request: MoveRequest): Promise<MoveResult> {
  const { here, there } = homes;
  requireTwoHomes(homes, request.name);
  return withNamedUser(here, request, async (user) => {
    requireLasting(here.registry, user);
    const snapshot = await snapshotOf(here, user);
    const present = findUserById(there.registry, user.id);
    if (present) requireHalfMoved(there.home.root, { user, present });
    const carried = present
      ? { id: present.id, groups: [], notices: [] }
      : await carryOver(homes, { user, snapshot, request });
    await settle(homes, { user, id: carried.id, request });
    const result = describeMove(homes, { user, snapshot, carried });
    // They are there: half of them here would be no use to anybody.
    await erase(undisturbed(here), user, { purge: true, quarantine: true });
    return result;
  });
}

/** Whether they were down is not carried over: to move somebody is to have them there. */
async function snapshotOf(here: Context, { name }: User): Promise<Snapshot> {
  const { manifest, users } = await takeSnapshot(here, { names: [name], workspaces: true });
  const carried = manifest.users.map((backup) => ({ ...backup, down: false }));
  return { manifest: { ...manifest, users: carried }, users };
}

interface Moving {
  readonly user: User;
  readonly snapshot: Snapshot;
  readonly request: MoveRequest;
}

async function carryOver(
  { here, there }: Homes,
  { user, snapshot, request }: Moving,
): Promise<Carried> {
  const { newName, approval } = request;
  const wanted = { names: [], as: newName, approval, isMove: true };
  // Whatever keeps them from being there is known before they are taken down.
  await planRestore(there, snapshot.manifest, wanted);
  await here.engine();
  try {
    // Files are of one moment, and addresses are free for them.
    updateUser(here.registry, user.id, { down: true });
    await converge(here, user.id, { waitMs: undefined });
    const { archive, summary } = packSnapshot(here, snapshot, { logs: true, isLeased: true });
    const restored = await restoreArchive(there, await readArchive(archive, here.signal), {
      ...wanted,
      dryRun: false,
      waitMs: undefined,
      parallel: 1,
    });
    const { groups, notices } = restored;
    const [id = ''] = restored.users.map((one) => one.id);
    return { id, groups, notices: [summary().notices, notices] };
  } catch (error) {
    if (!findUserById(there.registry, user.id)) await bringBack(here, user);
    throw error;
  }
}

/** The first error says what went wrong; one met while undoing must not hide it. Undoing goes on after Ctrl-C. */
async function bringBack(here: Context, { id, name, down }: User): Promise<void> {
  if (down) return;
  const change = () => updateUser(here.registry, id, { down: false });
  try {
    await admitted(undisturbed(here), { change });
    await converge(undisturbed(here), id, { waitMs: undefined });
  } catch {
    here.progress.notice(`${name} is down. mcpd up ${name} brings them back.`);
  }
}

interface Settling {
  readonly user: User;
  /** The one they have there. */
  readonly id: string;
  readonly request: MoveRequest;
}

/** Starts them there. Nobody gets their uid here while they have files of it. */
async function settle(homes: Homes, { user, id, request: { waitMs } }: Settling): Promise<void> {
  const { here, there } = homes;
  const { uid, workspace } = getUserById(there.registry, id);
  if (uid === user.uid && there.uid === 0) leaveUid(here.registry, user, workspace);
  if (waitMs === undefined) return;
  await withUser(there, id, async ({ name }) => {
    try {
      await converge(there, id, { waitMs });
    } catch (error) {
      if (there.signal.aborted) here.progress.notice(`Move ${user.name} again: that finishes it.`);
      throw error instanceof UnhealthyError ? notReadyThere(homes, { error, user, name }) : error;
    }
  });
}
