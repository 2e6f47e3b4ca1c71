import { existsSync, readdirSync } from 'node:fs';
import { discardAbandoned } from '../backup/abandoned.ts';
import type { Context } from '../context.ts';
import { McpdError, PartialFailureError } from '../errors.ts';
import { isBridgeName } from '../firewall/bridge.ts';
import { unprotectTenant } from '../firewall/protect.ts';
import { staleFolders } from '../reconcile/sweep.ts';
import { dropLease } from '../registry/leases.ts';
import { purgeQuarantine } from '../registry/quarantine.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { findUser, findUserById } from '../registry/users.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { isImage } from '../storage/keep.ts';
import { discardStaged } from '../storage/recover.ts';
import { systemVolumes } from '../storage/volumes.ts';
import { listTokens } from '../tokens/store.ts';
import { messageOf } from '../user/each.ts';
import { erase } from '../user/erase.ts';
import { whileFree } from '../user/lease.ts';
import { removeOver } from '../user/over.ts';
import { leftovers, type Leftover } from './decide.ts';
import { gatherGcFacts } from './facts.ts';
import type { GcResult } from './result.ts';

/**
 * Removes what nobody needs any more: users who are over, and what killed commands left behind. Any
 * number may run at once; what another command is at is left to it. Throws PartialFailureError when
 * something could not be removed, once the rest is.
 */
export async function collectGarbage(
  world: Context,
  { dryRun }: { readonly dryRun: boolean },
): Promise<GcResult> {
  const context = { ...world, progress: world.progress.beside() };
  const found = leftovers(await gatherGcFacts(context));
  const gone = new Set<Leftover>();
  const failed: Failed[] = [];
  const act = async (leftover: Leftover) => {
    try {
      if (dryRun || (await remove(context, leftover))) gone.add(leftover);
    } catch (error) {
      failed.push({ leftover, error });
    }
  };
  const isUser = ({ kind }: Leftover) => kind === 'user';
  await inTurn(context, found.filter(isUser), { atOnce: 4, act });
  // In their order: a network can go only after its containers.
  const others = found.filter((leftover) => !isUser(leftover));
  await inTurn(context, others, { atOnce: 1, act });
  if (failed.length > 0) throw partialFailure(failed, found.length);
  return {
    changed: !dryRun && gone.size > 0,
    dryRun,
    removed: found
      .filter((leftover) => gone.has(leftover))
      .map(({ kind, name, why }) => ({ kind, name, why })),
  };
}

interface Turns {
  readonly atOnce: number;
  readonly act: (leftover: Leftover) => Promise<void>;
}

async function inTurn(
  { signal }: Context,
  found: readonly Leftover[],
  { atOnce, act }: Turns,
): Promise<void> {
  const left = found.values();
  const work = async () => {
    for (const leftover of left) {
      if (signal.aborted) return;
      await act(leftover);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  signal.throwIfAborted();
}

/** True when it was there, and is gone now. */
async function remove(context: Context, leftover: Leftover): Promise<boolean> {
  const { registry } = context;
  const { name } = leftover;
  switch (leftover.kind) {
    case 'user':
      return leftover.state === 'over'
        ? removeOver(context, name)
        : removeHalfMade(context, leftover);
    case 'container':
      return removeContainer(context, leftover);
    case 'network':
      return removeNetwork(context, leftover);
    case 'folder':
      return registry.transaction(() => removeFolder(context, name));
    case 'staged':
      if (isBack(context, leftover)) return false;
      return discardStaged({ volumes: systemVolumes(context), paths: leftover.paths });
    case 'restore':
      return discardAbandoned(context);
    case 'quarantine':
      registry.transaction(() => purgeQuarantine(registry));
      return true;
    case 'lease':
      return dropLease(registry, { userName: name, fence: leftover.fence });
  }
}

/** Under the write lock, as rows are written: a restored user may have the id of one who is gone. */
function removeFolder(context: Context, path: string): boolean {
  if (!staleFolders(context).includes(path)) return false;
  dematerialise(path);
  return true;
}

/** Files that somebody put into the workspace meanwhile stay. */
async function removeHalfMade(
  context: Context,
  { name, fence }: { readonly name: string; readonly fence: number },
): Promise<boolean> {
  const { registry } = context;
  const removed = await whileFree(context, name, async ({ tookOver }) => {
    const user = findUser(registry, name);
    // Another command may have finished them meanwhile.
    if (!user || tookOver !== fence || listTokens(registry, user.id).length > 0) return false;
    await erase(context, user, { purge: isUntouched(user), quarantine: false });
    return true;
  });
  return removed ?? false;
}

function isUntouched({ workspace }: User): boolean {
  if (!existsSync(workspace)) return true;
  return !isImage(workspace) && readdirSync(workspace).length === 0;
}

async function removeContainer(
  context: Context,
  { user, name, why, containerId, serverId }: Leftover & { kind: 'container' },
): Promise<boolean> {
  const engine = await context.engine();
  const act = async () => {
    if (listServers(context.registry).some(({ id }) => id === serverId)) return false;
    await engine.apply({ type: 'server.remove', key: name, containerId, cause: why });
    return true;
  };
  if (user === undefined) return act();
  return (await whileFree(context, user, act)) ?? false;
}

async function removeNetwork(
  context: Context,
  { id, name, why, bridge, userId }: Leftover & { kind: 'network' },
): Promise<boolean> {
  const engine = await context.engine();
  if (isBack(context, { userId })) return false;
  await engine.apply({ type: 'network.remove', id, name, cause: why });
  if (isBridgeName(bridge)) await unprotectTenant(context, bridge);
  return true;
}

/** Since it was looked, a restore or a move may have brought somebody back who was gone. */
function isBack({ registry }: Context, { userId }: { readonly userId: string }): boolean {
  return findUserById(registry, userId) !== undefined;
}

interface Failed {
  readonly leftover: Leftover;
  readonly error: unknown;
}

function partialFailure(failed: readonly Failed[], total: number): PartialFailureError {
  const lines = failed.map(
    ({ leftover: { kind, name }, error }) => `  ${kind} ${name}: ${messageOf(error)}`,
  );
  const said = failed.flatMap(({ error }) => (error instanceof McpdError ? error.suggestions : []));
  return new PartialFailureError(
    `${failed.length} of ${total} leftovers could not be removed:\n${lines.join('\n')}`,
    { code: 'PARTIAL_FAILURE', suggestions: [...new Set([...said, 'mcpd gc --dry-run'])] },
  );
}
