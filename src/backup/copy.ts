import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { userExists } from '../registry/user-request.ts';
import { findUser } from '../registry/users.ts';
import { findTemplate } from '../templates/catalog.ts';
import { packSnapshot } from './backup.ts';
import type { UserBackup } from './manifest.ts';
import { readArchive, type OpenArchive } from './read-archive.ts';
import { restoreArchive } from './restore.ts';
import type { RestoreResult } from './result.ts';
import { takeSnapshot } from './snapshot.ts';

export interface CopyRequest {
  readonly name: string;
  readonly newName: string;
  readonly workspace: boolean;
  readonly secrets: boolean;
  /** Why the copy may have templates that are too risky: an approval is for one user. */
  readonly approval: string | undefined;
  /** How long to wait until servers are ready; undefined: they aren't started. */
  readonly waitMs: number | undefined;
}

/**
 * Makes another user like this one: servers, policy, group, and files. It is a backup of one user, restored
 * as it is made, without tokens, approvals and audit, which are one person's own. Throws as `restore` does.
 */
export async function copyUser(context: Context, request: CopyRequest): Promise<RestoreResult> {
  const { name, newName, workspace, secrets, approval, waitMs } = request;
  if (findUser(context.registry, newName)) throw userExists(newName);
  const { manifest, users } = await takeSnapshot(context, { names: [name], workspaces: workspace });
  const copied = manifest.users.map((user) => ({
    ...user,
    down: false,
    approvals: [],
    tokens: [],
    secrets: secrets ? user.secrets : [],
  }));
  for (const user of copied) await requireSecrets(context, newName, user);
  const snapshot = { manifest: { ...manifest, users: copied }, users };
  const { archive, summary } = packSnapshot(context, snapshot, { logs: false, isLeased: false });
  const opened = await readArchive(archive, context.signal);
  try {
    const result = await restoreArchive(context, await begun(opened), {
      names: [],
      as: newName,
      approval,
      dryRun: false,
      waitMs,
      parallel: 1,
    });
    return { ...result, notices: summary().notices };
  } finally {
    await opened.members.return(undefined);
  }
}

/**
 * Reads a member ahead. Before it is written the lease of who is copied is taken, so always before the one
 * of a restore: of two copies of one user none then waits for what the other has.
 */
async function begun({ manifest, members }: OpenArchive): Promise<OpenArchive> {
  const first = await members.next();
  async function* all() {
    if (!first.done) yield first.value;
    yield* members;
  }
  return { manifest, members: all() };
}

async function requireSecrets(
  { assets }: Context,
  newName: string,
  { name, servers, secrets }: UserBackup,
): Promise<void> {
  const templates = await Promise.all(
    servers.map(({ template }) => findTemplate(template, assets)),
  );
  const present = new Set(secrets.map((secret) => secret.name));
  const missing = templates
    .flatMap((template) => template.secrets)
    .filter((secret) => secret.required && !present.has(secret.name))
    .map((secret) => secret.name);
  if (missing.length === 0) return;
  throw new ConflictError(`${newName} would lack the secret ${missing.join(', ')}.`, {
    code: 'SECRET_MISSING',
    suggestions: [`Add --secrets, to give ${newName} those of ${name}.`],
  });
}
