import type { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { converge } from '../reconcile/converge.ts';
import { forEachUser } from '../user/each.ts';
import { withUser } from '../user/lease.ts';
import { carryOutRestore } from './carry-out-restore.ts';
import { createNotices } from './notices.ts';
import { planRestore, type PlanRequest, type RestorePlan } from './plan-restore.ts';
import { readArchive, type OpenArchive } from './read-archive.ts';
import type { Restored } from './register.ts';
import { remapped } from './remapped.ts';
import type { RestoreResult } from './result.ts';
import { unseal, type Key } from './seal.ts';

export interface RestoreRequest extends PlanRequest {
  readonly dryRun: boolean;
  /** How long to wait until servers are ready; undefined: they aren't started. */
  readonly waitMs: number | undefined;
  /** How many users are started at once. */
  readonly parallel: number;
}

interface SealedBackup {
  readonly content: Readable;
  readonly key: Key;
}

/**
 * Makes users from a backup, here or in another home. Nothing is changed unless all of the backup is good
 * and all of them can be had. Throws RefusedError for a wrong key and a damaged backup, ConflictError for
 * what is taken, and PartialFailureError when some don't start: they are restored all the same.
 */
export async function restoreBackup(
  context: Context,
  { content, key }: SealedBackup,
  request: RestoreRequest,
): Promise<RestoreResult> {
  const archive = await readArchive(await unseal(content, key), context.signal);
  return restoreArchive(context, archive, request);
}

export async function restoreArchive(
  outer: Context,
  { manifest, members }: OpenArchive,
  request: RestoreRequest,
): Promise<RestoreResult> {
  try {
    const plan = await planRestore(outer, manifest, request);
    const notices = createNotices();
    const restored = request.dryRun
      ? await readToTheEnd(plan, members)
      : await carryOutRestore(plan, { members, notice: notices.add });
    const { context } = plan.succession;
    if (!request.dryRun) await start(context, restored, request);
    return { ...describe(plan, restored), dryRun: request.dryRun, notices: notices.result() };
  } finally {
    await members.return(undefined);
  }
}

/** What would be restored, once the whole backup is known to be good. */
async function readToTheEnd(plan: RestorePlan, members: OpenArchive['members']) {
  for await (const _member of members);
  return plan.rehearsed;
}

async function start(
  context: Context,
  restored: readonly Restored[],
  { waitMs, parallel }: RestoreRequest,
): Promise<void> {
  if (waitMs === undefined) return;
  const users = restored.map(({ user }) => user);
  await forEachUser(users, {
    context,
    parallel,
    change: async ({ id }, here) => {
      const started = await withUser(here, id, () => converge(here, id, { waitMs }));
      return started ?? { changed: false };
    },
  });
}

function describe(
  { manifest, succession, groups, expired }: RestorePlan,
  restored: readonly Restored[],
): Omit<RestoreResult, 'dryRun' | 'notices'> {
  const { takesOver, isSameHome, settings } = succession;
  return {
    changed: restored.length + groups.length > 0,
    takenAt: manifest.takenAt,
    home: takesOver ? 'taken over' : isSameHome ? 'same' : 'another',
    settings,
    users: restored.map(({ newcomer, user, servers }) => ({
      user: user.name,
      id: user.id,
      uid: user.uid,
      ports: user.ports,
      subnet: user.subnet,
      servers: servers.map(({ name, port }) => ({ name, port })),
      secrets: newcomer.backup.secrets.map(({ name }) => name),
      tokens: newcomer.sameTokens ? 'kept' : 'not kept',
      remapped: remapped(newcomer.backup, user, servers),
    })),
    expired: [...expired],
    groups: groups.map(({ name }) => name),
  };
}
