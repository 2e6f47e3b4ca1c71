import type { StdioOptions } from 'node:child_process';
import { undisturbed, type Context } from '../context.ts';
import { UnhealthyError } from '../errors.ts';
import { silent } from '../progress.ts';
import { findOwned } from '../registry/lifetime.ts';
import { currentHolder } from '../registry/processes.ts';
import { findTemplate } from '../templates/catalog.ts';
import { addUser, type AddResult } from '../user/add.ts';
import type { AddRequest } from '../user/add-request.ts';
import { withUser } from '../user/lease.ts';
import { eraseOver } from '../user/over.ts';
import { refuseWorkspace, saveArtifacts } from './artifacts.ts';
import { writeClientConfig } from './client-config.ts';
import { runCommand, type Ended, type Signals } from './command.ts';
import { variables } from './environment.ts';
import type { RunResult } from './result.ts';

export interface RunRequest {
  readonly tenant: Omit<AddRequest, 'owner' | 'start'>;
  readonly argv: readonly string[];
  /** Where logs are saved when the command fails; undefined: nowhere. */
  readonly artifacts: string | undefined;
  readonly stdio: StdioOptions;
  readonly ownGroup: boolean;
  readonly signals: Signals;
  /** Called when the tenant is still there, for the last time. */
  readonly beforeRemoval: () => void;
}

/**
 * Runs a command beside a tenant of its own, who is gone when this returns or throws. When mcpd itself is
 * killed, `gc` removes them: they belong to this process. Throws what addUser throws; ConflictError
 * USER_EXISTS for a name that is taken, RefusedError for artifacts in a workspace.
 */
export async function runWithTenant(context: Context, request: RunRequest): Promise<RunResult> {
  const { tenant, signals, artifacts: folder } = request;
  if (folder !== undefined) refuseWorkspace(context, { folder, workspace: tenant.workspace });
  const added = await addTenant(context, request);
  const { name, runId } = added.user;
  let ended: Ended | undefined;
  let artifacts: string | null = null;
  let removed = false;
  let servers: Address[] = [];
  const calm = undisturbed(context);
  try {
    servers = await inOrder(context, tenant, added);
    context.signal.throwIfAborted();
    ended = await runIn(context, request, { ...added, servers });
  } finally {
    signals.divert(() => calm.progress.notice(`mcpd removes ${name} first.`));
    if (ended?.exitCode !== 0) artifacts = await save(calm, request, added.user.id);
    removed = await removeTenant(calm, request, added.user);
  }
  return { ...ended, user: name, runId, servers, artifacts, removed };
}

async function addTenant(context: Context, request: RunRequest): Promise<AddResult> {
  const { tenant, signals } = request;
  const owner = currentHolder();
  try {
    return await addUser(context, { ...tenant, owner, start: true });
  } catch (error) {
    // Everything else was undone by whoever threw it.
    if (!(error instanceof UnhealthyError)) throw error;
    const calm = undisturbed(context);
    signals.divert(() => undefined);
    const id = findOwned(context.registry, owner);
    const artifacts = id === undefined ? null : await save(calm, request, id);
    if (id !== undefined) await removeTenant(calm, request, { id, name: tenant.name });
    throw new UnhealthyError(error.message, {
      code: error.code,
      suggestions: [
        artifacts === null ? '--artifacts DIR saves its log' : `see ${artifacts}`,
        'a longer --timeout, if it is only slow',
      ],
      cause: error,
    });
  }
}

type Address = RunResult['servers'][number];

/** As asked for: the first one is the default. */
async function inOrder(
  { assets }: Context,
  { templates = [] }: RunRequest['tenant'],
  { servers }: AddResult,
): Promise<Address[]> {
  const first = templates[0] === undefined ? undefined : await findTemplate(templates[0], assets);
  return servers
    .toSorted((a, b) => Number(b.name === first?.name) - Number(a.name === first?.name))
    .map(({ name, url }) => ({ name, url }));
}

async function runIn(
  context: Context,
  { argv, stdio, ownGroup, signals, tenant: { ttlMs } }: RunRequest,
  { user, token, servers }: { user: AddResult['user']; token: string | null; servers: Address[] },
): Promise<Ended> {
  const { notice } = context.progress;
  const contents = { userId: user.id, token: token ?? '', servers };
  const clientConfig = writeClientConfig(context, contents);
  const added = variables({ ...contents, user: user.name, clientConfig });
  const over =
    ttlMs === undefined
      ? undefined
      : setTimeout(
          notice,
          ttlMs,
          `${user.name} is past its --ttl: its token is refused from now on.`,
        );
  try {
    const env = { ...context.env, ...added };
    const ended = await runCommand({ argv, env, stdio, ownGroup, signals });
    if (ended.problem !== null) notice(`mcpd run: ${ended.problem}.`);
    return ended;
  } finally {
    clearTimeout(over);
  }
}

async function save(
  context: Context,
  { artifacts: folder }: RunRequest,
  userId: string,
): Promise<string | null> {
  return folder === undefined ? null : saveArtifacts(context, { folder, userId });
}

/** What a command said by its exit code stands: what can't be removed now is left to `gc`. */
async function removeTenant(
  context: Context,
  { beforeRemoval }: RunRequest,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<boolean> {
  const quiet = { ...context, progress: silent };
  try {
    await withUser(quiet, id, async (user) => {
      beforeRemoval();
      await eraseOver(quiet, user);
    });
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.progress.notice(`${name} could not be removed: ${reason}\nRemove it: mcpd gc`);
    return false;
  }
}
