import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freeName, removedFolder } from '../audit/kept.ts';
import type { Context } from '../context.ts';
import { runFolder } from '../reconcile/desired.ts';
import { converge } from '../reconcile/converge.ts';
import { dematerialise } from '../secrets/materialise.ts';
import type { User } from '../registry/rows.ts';
import { removeUser, updateUser } from '../registry/users.ts';
import { deleteWorkspace, keepFiles } from '../storage/keep.ts';

export interface EraseOptions {
  /** Delete mcpd's own workspace folder and the audit too. A workspace elsewhere is never deleted. */
  readonly purge: boolean;
  /** Keep ports, subnet and uid unused for a while, so that no old client reaches a new tenant. */
  readonly quarantine: boolean;
}

/**
 * Takes away everything of one user. Rows go last, so that a killed command can be run again.
 * The caller holds the user's lease. Gives the image that kept files had to stay in, if any.
 */
export async function erase(
  context: Context,
  user: User,
  options: EraseOptions,
): Promise<string | undefined> {
  const { purge, quarantine } = options;
  const { registry, home, config, clock } = context;
  // Without an engine nothing is written: the user stays as they are.
  await context.engine();
  // Past its end a user is removed by whoever comes next: half of their files would be no use to them.
  const end = purge ? { expiresAt: clock.now() } : {};
  updateUser(registry, user.id, { down: true, ...end });
  await converge(context, user.id, { waitMs: undefined });
  dematerialise(runFolder(home, registry.instance, user.id));
  await putAway(context, user, options);
  const deletes = purge && user.workspaceManaged;
  const image = deletes ? undefined : await keepFiles(context, user);
  if (deletes) deleteWorkspace(user);
  if (deletes || !user.workspaceManaged) {
    await rm(join(home.users, user.id), { recursive: true, force: true });
  }
  removeUser(registry, user.id, {
    keepUid: image !== undefined || (!deletes && (await hasFiles(user))),
    config: quarantine ? config : { quarantineHours: 0 },
  });
  return image;
}

/** What a user's servers did can be asked for when they are gone: `audit/removed/<name>-<id>`. */
async function putAway(
  { home }: Context,
  user: User,
  { purge, quarantine }: EraseOptions,
): Promise<void> {
  const logs = join(home.users, user.id, 'logs');
  const isKept = !purge && quarantine && (await lstat(logs).catch(() => undefined)) !== undefined;
  if (!isKept) return rm(logs, { recursive: true, force: true });
  const archive = join(home.audit, removedFolder);
  await mkdir(archive, { recursive: true, mode: 0o700 });
  // One whose removal was killed, and whom `up` brought back, has put some away before.
  await rename(logs, join(archive, freeName(archive, `${user.name}-${user.id}`)));
}

// Not so when `add` failed before the folder was theirs: such a uid may go to anyone.
async function hasFiles({ workspace, uid }: User): Promise<boolean> {
  return lstat(workspace).then(
    (folder) => folder.uid === uid,
    () => false,
  );
}
