import * as z from 'zod';
import { admitted } from '../admission/admit.ts';
import { discardAbandoned } from '../backup/abandoned.ts';
import type { Context } from '../context.ts';
import { NotFoundError } from '../errors.ts';
import { freshIssuerKeys } from '../oidc/keys.ts';
import { converge, type Converged } from '../reconcile/converge.ts';
import { isWanted } from '../reconcile/desired.ts';
import { operationResult } from '../reconcile/result.ts';
import { surveyUsers, type Outlook } from '../reconcile/survey.ts';
import { sweepLeftovers } from '../reconcile/sweep.ts';
import { whyOver } from '../registry/lifetime.ts';
import { namedUsers } from '../registry/named.ts';
import type { User } from '../registry/rows.ts';
import { updateUser } from '../registry/users.ts';
import { requireAll, tryEachUser } from './each.ts';
import { withUser } from './lease.ts';
import { eraseOver } from './over.ts';

export const upDownResult = z.object({
  changed: z.boolean(),
  users: z.array(
    z.object({
      user: z.string(),
      operations: z.array(operationResult),
      removed: z.boolean().describe('their time was over, or that of their `mcpd run`'),
      removedBecause: z.string().nullable().describe('a clause for people'),
    }),
  ),
});

interface BulkRequest {
  /** None: all users. */
  readonly names: readonly string[];
  /** How many users at once. */
  readonly parallel: number;
}

interface UpRequest extends BulkRequest {
  /** How long to wait for readiness; undefined: don't. */
  readonly waitMs: number | undefined;
  /** Whom `down` took down stays down. */
  readonly leaveDown?: boolean;
}

/**
 * Brings users to what the registry says; expired ones are removed, and what killed commands left. Who
 * has nothing to be done is not touched, nor asked whether they are ready. Throws PartialFailureError when
 * some of several failed, and the error itself of one alone.
 */
export async function bringUp(world: Context, request: UpRequest) {
  return describe(await tryBringUp(world, request));
}

/** The same, with what became of each. */
export async function tryBringUp(world: Context, request: UpRequest): Promise<Tried> {
  sweepLeftovers(world);
  await discardAbandoned(world);
  const everybody = namedUsers(world.registry, request.names);
  const outlooks = await surveyUsers(world, everybody, await freshIssuerKeys(world));
  const now = world.clock.now();
  const quiet = everybody
    .filter((_, index) => isQuiet(outlooks[index], request))
    .filter((user) => whyOver(world.registry, user) === undefined);
  const staysDown = ({ down }: User) => down && request.leaveDown === true;
  // Of somebody who is down there may be what a killed `down` left, or their time may be over.
  const done = idsOf(quiet.filter(staysDown));
  const users = everybody.filter(({ id }) => !done.has(id));
  const idle = idsOf(quiet.filter((user) => isWanted(user, now)));
  const mayBeGone = request.names.length === 0;
  const { parallel } = request;
  return tryChosen(world, { users, parallel, idle, mayBeGone }, async (user, context) => {
    const removedBecause = whyOver(context.registry, user);
    if (removedBecause !== undefined) {
      await eraseOver(context, user);
      return { operations: [], changed: true, removedBecause };
    }
    const change = () => updateUser(context.registry, user.id, { down: false });
    if (user.down && !staysDown(user)) await admitted(context, { change });
    return converge(context, user.id, { waitMs: request.waitMs });
  });
}

function idsOf(users: readonly User[]): ReadonlySet<string> {
  return new Set(users.map(({ id }) => id));
}

// Decided again under the lease, if there is anything: others may have been at it since.
function isQuiet(
  outlook: PromiseSettledResult<Outlook> | undefined,
  { waitMs }: UpRequest,
): boolean {
  if (outlook?.status !== 'fulfilled') return false;
  const { operations, restless, unproven } = outlook.value;
  return operations.length === 0 && !restless && !(unproven && waitMs !== undefined);
}

/** Removes users' containers and networks; rows, addresses, secrets and workspaces stay. */
export async function takeDown(world: Context, { names, parallel }: BulkRequest) {
  const users = namedUsers(world.registry, names);
  await world.engine();
  const chosen = { users, parallel, mayBeGone: names.length === 0 };
  const tried = tryChosen(world, chosen, async (user, context) => {
    updateUser(context.registry, user.id, { down: true });
    return converge(context, user.id, { waitMs: undefined });
  });
  return describe(await tried);
}

type Outcome = Pick<Converged, 'changed' | 'operations'> & { readonly removedBecause?: string };

const untouched: Outcome = { changed: false, operations: [] };

interface Chosen extends Pick<BulkRequest, 'parallel'> {
  readonly users: readonly User[];
  /** Ids of those for whom nothing is to be done. */
  readonly idle?: ReadonlySet<string>;
  /** Nobody was named: of everybody one may have been removed meanwhile. */
  readonly mayBeGone: boolean;
}

/** What became of each user, in their order. */
interface Tried {
  readonly users: readonly User[];
  readonly outcomes: readonly PromiseSettledResult<Outcome>[];
}

async function tryChosen(
  context: Context,
  { users, parallel, idle, mayBeGone }: Chosen,
  change: (user: User, context: Context) => Promise<Outcome>,
): Promise<Tried> {
  const outcomes = await tryEachUser(users, {
    context,
    parallel,
    change: async (one, beside): Promise<Outcome> => {
      if (idle?.has(one.id)) return untouched;
      const done = await withUser(beside, one.id, (user) => change(user, beside));
      if (done === undefined && !mayBeGone) throw goneMeanwhile(one);
      return done ?? untouched;
    },
  });
  return { users, outcomes };
}

function goneMeanwhile({ name }: User): NotFoundError {
  return new NotFoundError(`${name} was removed meanwhile.`, {
    code: 'USER_NOT_FOUND',
    suggestions: ['mcpd user list'],
  });
}

function describe({ users: tried, outcomes }: Tried): z.infer<typeof upDownResult> {
  const { changed, users } = requireAll(tried, outcomes);
  return {
    changed,
    users: users.map(({ user, operations, removedBecause = null }) => ({
      user,
      operations: [...operations],
      removed: removedBecause !== null,
      removedBecause,
    })),
  };
}
