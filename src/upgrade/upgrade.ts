import { admitted } from '../admission/admit.ts';
import { undisturbed, type Context } from '../context.ts';
import { McpdError, RefusedError } from '../errors.ts';
import { converge } from '../reconcile/converge.ts';
import { previewSources } from '../reconcile/inputs.ts';
import { buildingSources } from '../reconcile/prepare.ts';
import { namedUsers } from '../registry/named.ts';
import type { Server, User } from '../registry/rows.ts';
import { keepVersion, keptVersion } from '../registry/versions.ts';
import { forEachUser, messageOf } from '../user/each.ts';
import { withUser } from '../user/lease.ts';
import { hasFailed } from './failure.ts';
import { versionLabel } from './label.ts';
import { planUpgrades, type Planned } from './plan.ts';
import type { UpgradeResult, UpgradeRow } from './result.ts';

export interface UpgradeRequest {
  /** None: all users. */
  readonly names: readonly string[];
  /** Only servers made from this template, by name or folder; undefined: all. */
  readonly template: string | undefined;
  readonly dryRun: boolean;
  /** How many users go first, one after another; when one of them fails, no more are begun. */
  readonly canary: number;
  /** How many of the others at once. */
  readonly parallel: number;
  readonly timeoutMs: number;
}

/**
 * Moves servers to what is newest: their template as it is now, and an image made from it and from the base
 * as they are now. Images are built before anything is touched; then each server is replaced by one that
 * gets ready, or stays as it was. What became of each is in the result, failures too.
 */
export async function upgradeServers(
  context: Context,
  request: UpgradeRequest,
): Promise<UpgradeResult> {
  const { registry } = context;
  const { names, template, dryRun } = request;
  const users = namedUsers(registry, names);
  const engine = await context.engine();
  // Several images may be built at once.
  const beside = { ...context, progress: context.progress.beside() };
  const sources = dryRun ? previewSources(beside, engine) : buildingSources(beside, engine);
  const planned = await planUpgrades(context, { users, template, sources });
  if (dryRun) return { changed: false, dryRun, servers: planned.map(({ row }) => row) };
  const done = await carryOut(context, request, planned);
  const servers = planned.map(({ row }): UpgradeRow => {
    const isLeft = row.outcome === 'due' && !done.has(row.server);
    return done.get(row.server) ?? (isLeft ? { ...row, outcome: 'not-begun' } : row);
  });
  const changed = servers.some(({ outcome }) => outcome === 'upgraded');
  return { changed, dryRun, servers };
}

/** By server; without those that were not begun. */
async function carryOut(
  context: Context,
  { canary, parallel, timeoutMs }: UpgradeRequest,
  planned: readonly Planned[],
): Promise<ReadonlyMap<string, UpgradeRow>> {
  const due = planned.filter(({ row }) => row.outcome === 'due');
  const byUser = Map.groupBy(due, ({ user }) => user.id);
  const users = [...byUser.values()].flatMap(([first]) => first?.user ?? []);
  const done = new Map<string, UpgradeRow>();
  const upgrade = (some: readonly User[]) =>
    forEachUser(some, {
      context,
      parallel,
      change: async ({ id }, beside) => {
        const rows = await upgradeUser(beside, { id, servers: byUser.get(id) ?? [], timeoutMs });
        for (const row of rows) done.set(row.server, row);
        return { changed: rows.some(({ outcome }) => outcome === 'upgraded') };
      },
    });
  for (const user of users.slice(0, canary)) {
    await upgrade([user]);
    if ([...done.values()].some(hasFailed)) return done;
  }
  await upgrade(users.slice(canary));
  return done;
}

interface OneUser {
  readonly id: string;
  readonly servers: readonly Planned[];
  readonly timeoutMs: number;
}

/** One user's servers, one after another; one that fails doesn't stop the next. */
async function upgradeUser(
  context: Context,
  { id, servers, timeoutMs }: OneUser,
): Promise<readonly UpgradeRow[]> {
  const rows: UpgradeRow[] = [];
  try {
    await withUser(context, id, async (user) => {
      for (const planned of servers) {
        context.signal.throwIfAborted();
        // By the name that they have now.
        rows.push(await upgradeServer(context, { ...planned, user }, timeoutMs));
      }
    });
    const left = servers.slice(rows.length);
    return [...rows, ...left.map(({ row }): UpgradeRow => ({ ...row, ...leftAlone(row.from) }))];
  } catch (error) {
    const left = servers.slice(rows.length).map(({ row }) => row);
    const problem = messageOf(error);
    return [...rows, ...left.map((row): UpgradeRow => ({ ...row, outcome: 'failed', problem }))];
  }
}

async function upgradeServer(
  context: Context,
  { user, server, row, newest }: Planned,
  timeoutMs: number,
): Promise<UpgradeRow> {
  const { registry } = context;
  try {
    // Its template may ask for more memory than before. A quick no: what holds is said when it is ready.
    const change = () => newest && keepVersion(registry, server.id, newest);
    await admitted(context, { change, rehearsal: true });
    await moveToNewest(context, { user, key: `${user.name}/${server.name}`, timeoutMs });
    return { ...row, ...whatBecame(context, server, row) };
  } catch (error) {
    const problem = messageOf(error);
    const kept = keptVersion(registry, server.id);
    // It may be another of the user's servers that failed.
    if (kept && versionLabel(kept) === row.to) return { ...row, outcome: 'upgraded', problem };
    const isBack = error instanceof McpdError && error.code === 'ROLLED_BACK';
    return { ...row, outcome: isBack ? 'rolled-back' : 'failed', problem };
  }
}

interface Move {
  readonly user: User;
  /** Of the server. */
  readonly key: string;
  readonly timeoutMs: number;
}

/** Throws ROLLED_BACK too when the version was refused at last and nothing but caps had changed: they are put back. */
async function moveToNewest(context: Context, { user, key, timeoutMs }: Move): Promise<void> {
  try {
    await converge(context, user.id, { waitMs: timeoutMs, newest: new Set([key]) });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    await converge(undisturbed(context), user.id, { waitMs: undefined });
    const { message, suggestions } = error;
    const details = { code: 'ROLLED_BACK', suggestions, cause: error };
    throw new RefusedError(`${key} runs as before again. ${message}`, details);
  }
}

/** By now its template may be a newer one still, and others may have been at the user before. */
function whatBecame({ registry }: Context, server: Server, { from }: UpgradeRow): Became {
  const kept = keptVersion(registry, server.id);
  const to = kept ? versionLabel(kept) : null;
  return to === null || to === from ? leftAlone(to) : { outcome: 'upgraded', to, problem: null };
}

type Became = Pick<UpgradeRow, 'outcome' | 'to' | 'problem'>;

function leftAlone(to: string | null): Became {
  return { outcome: 'stopped', to, problem: 'It was stopped or removed meanwhile.' };
}
