import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { converge } from '../reconcile/converge.ts';
import type { User } from '../registry/rows.ts';
import { removeUser, updateUser } from '../registry/users.ts';

export interface EraseOptions {
  /** Delete mcpd's own workspace folder too. A workspace elsewhere is never deleted. */
  readonly purge: boolean;
  /** Keep ports, subnet and uid unused for a while, so that no old client reaches a new tenant. */
  readonly quarantine: boolean;
}

/**
 * Takes away everything of one user. Rows go last, so that a killed command can be run again.
 * The caller holds the user's lease.
 */
export async function erase(
  context: Context,
  user: User,
  { purge, quarantine }: EraseOptions,
): Promise<void> {
  const { registry, home, config } = context;
  // Without an engine nothing is written: the user stays as they are.
  await context.engine();
  updateUser(registry, user.id, { down: true });
  await converge(context, user.id, { waitMs: undefined });
  await rm(join(home.users, user.id, 'logs'), { recursive: true, force: true });
  const deletes = purge && user.workspaceManaged;
  if (deletes) await rm(user.workspace, { recursive: true, force: true });
  if (deletes || !user.workspaceManaged) {
    await rm(join(home.users, user.id), { recursive: true, force: true });
  }
  removeUser(registry, user.id, {
    keepUid: !deletes && (await hasFiles(user)),
    config: quarantine ? config : { quarantineHours: 0 },
  });
}

// Not so when `add` failed before the folder was theirs: such a uid may go to anyone.
async function hasFiles({ workspace, uid }: User): Promise<boolean> {
  return lstat(workspace).then(
    (folder) => folder.uid === uid,
    () => false,
  );
}
