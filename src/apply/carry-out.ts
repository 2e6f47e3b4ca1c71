import type { Context } from '../context.ts';
import { NotFoundError, type McpdError } from '../errors.ts';
import { createUserGroup, removeUserGroup, updateUserGroup } from '../group/change.ts';
import { buildImages } from '../image/manage.ts';
import { findUser, findUserById } from '../registry/users.ts';
import type { Converged } from '../reconcile/converge.ts';
import { findTemplate } from '../templates/catalog.ts';
import { tryEachUser } from '../user/each.ts';
import { removeUserCompletely } from '../user/remove.ts';
import { tryBringUp } from '../user/up-down.ts';
import { unlistedOf } from './apply.ts';
import {
  attempt,
  endingOf,
  failuresOf,
  hasChanged,
  type Attempted,
  type Report,
  type Task,
} from './attempt.ts';
import { changeUser } from './change-user.ts';
import type { Operation } from './operation.ts';
import type { Plan } from './plan.ts';
import type { Wanted } from './resolve.ts';
import type { ApplyResult } from './result.ts';

export interface Work {
  readonly plan: Plan;
  readonly wanted: Wanted;
  /** How many users at once. */
  readonly parallel: number;
  /** How long to wait until servers are ready, each time. */
  readonly timeoutMs: number;
}

export interface CarriedOut {
  readonly result: ApplyResult;
  /** How the command ends; undefined: well. */
  readonly ending: Pick<McpdError, 'exitCode' | 'code'> | undefined;
}

/**
 * Carries a plan out: images, groups, who goes, everybody whom the document lists, groups that go. Users who
 * are as asked are mended, as by `up`. What fails doesn't stop the rest, and is in the result.
 */
export async function carryOut(context: Context, work: Work): Promise<CarriedOut> {
  const { plan, wanted } = work;
  const { groups, removals, users, leftovers } = plan;
  // Without an engine nothing is written.
  await context.engine();
  const { built, unbuilt } = await buildWanted(context, wanted);
  const changed = [...users]
    .map(([name, operations]) => ({ name, operations }))
    .filter(({ operations }) => operations.length > 0);
  const attempts = [
    ...built,
    ...(await ofGroups(context, groups, (operation) => changeGroup(context, operation, work))),
    ...(await ofUsers(context, removals.map(removalOf), work, removeUser)),
    ...(await ofUsers(context, changed, work, (beside, { name }, report) =>
      changeUser(beside, name, { ...work, unbuilt, report }),
    )),
    ...(await mend(context, othersOf(context, plan), work)),
    ...(await ofGroups(context, leftovers, async ({ subject }) =>
      removeUserGroup(context, subject),
    )),
  ];
  const operations = attempts.flatMap(({ rows }) => rows);
  const others = wanted.images.length + groups.length + removals.length + leftovers.length;
  return {
    result: {
      changed: attempts.some(hasChanged),
      dryRun: false,
      operations,
      failures: failuresOf(attempts),
      unlisted: unlistedOf(plan),
    },
    ending: endingOf(attempts, users.size + others),
  };
}

/** Builds images that the document names and that aren't there; says of which templates that failed. */
async function buildWanted(context: Context, { images }: Wanted) {
  const built: Attempted[] = [];
  const unbuilt = new Set<string>();
  for (const reference of images) {
    const { name } = await findTemplate(reference, context.assets);
    const operations = [{ type: 'image.build', subject: name, cause: 'not found' }];
    let isNews = true;
    const task = { kind: 'template', name, operations } as const;
    const attempted = await attempt(context.signal, task, async () => {
      isNews = (await buildImages(context, [reference])).changed;
    });
    if (isNews) built.push(attempted);
    if (attempted.failure) unbuilt.add(reference);
  }
  return { built, unbuilt };
}

async function ofGroups(
  { signal }: Context,
  operations: readonly Operation[],
  change: (operation: Operation) => Promise<unknown>,
): Promise<readonly Attempted[]> {
  const attempts: Attempted[] = [];
  for (const operation of operations) {
    const task = { kind: 'group', name: operation.subject, operations: [operation] } as const;
    attempts.push(await attempt(signal, task, () => change(operation)));
  }
  return attempts;
}

async function changeGroup(
  context: Context,
  { type, subject: name }: Operation,
  { wanted, parallel, timeoutMs }: Work,
): Promise<void> {
  const policy = wanted.groups.get(name) ?? {};
  if (type === 'group.create') await createUserGroup(context, { name, policy });
  else
    await updateUserGroup(context, { name, patch: { replacement: policy }, parallel, timeoutMs });
}

function removalOf({ userId: id, ...operation }: Plan['removals'][number]) {
  return { name: operation.subject, id, operations: [operation] };
}

/** One whom somebody else removed meanwhile is as gone as asked for; one who was renamed is not. */
async function removeUser(
  context: Context,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<void> {
  try {
    await removeUserCompletely(context, { name, id, purge: false });
  } catch (error) {
    const isGone = error instanceof NotFoundError && !findUserById(context.registry, id);
    if (!isGone) throw error;
  }
}

async function ofUsers<Who extends Pick<Task, 'name' | 'operations'>>(
  context: Context,
  users: readonly Who[],
  { parallel }: Work,
  change: (beside: Context, user: Who, report: Report) => Promise<unknown>,
): Promise<readonly Attempted[]> {
  const outcomes = await tryEachUser(users, {
    context,
    parallel,
    change: (user, beside) =>
      attempt(context.signal, { ...user, kind: 'user' }, (report) => change(beside, user, report)),
  });
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
}

/** Whom nothing else has brought up, and who is not to stay down. */
function othersOf({ registry }: Context, { users }: Plan): readonly string[] {
  return [...users]
    .filter(([, operations]) => operations.every(({ type }) => type.startsWith('secret.')))
    .map(([name]) => name)
    .filter((name) => findUser(registry, name)?.down === false);
}

async function mend(
  context: Context,
  names: readonly string[],
  { parallel, timeoutMs }: Work,
): Promise<readonly Attempted[]> {
  if (names.length === 0) return [];
  const request = { names, waitMs: timeoutMs, parallel };
  try {
    const { users, outcomes } = await tryBringUp(context, request);
    return outcomes.map((outcome, index) => mended(users[index]?.name ?? '', outcome));
  } catch (error) {
    context.signal.throwIfAborted();
    return names.map((name) => notMended(name, error));
  }
}

function mended(
  name: string,
  outcome: PromiseSettledResult<Pick<Converged, 'operations'>>,
): Attempted {
  if (outcome.status === 'rejected') return notMended(name, outcome.reason);
  return { rows: outcome.value.operations.map((row) => ({ ...row, outcome: 'done' })) };
}

function notMended(name: string, error: unknown): Attempted {
  const row = { type: 'user.up', subject: name, cause: 'to be mended', outcome: 'failed' } as const;
  return { rows: [row], failure: { kind: 'user', name, error } };
}
