import type { Context } from '../context.ts';
import { createUserGroup, removeUserGroup, updateUserGroup } from '../group/change.ts';
import { buildImages } from '../image/manage.ts';
import { PartialFailureError, type Failed } from '../errors.ts';
import { findUser } from '../registry/users.ts';
import { forEachUser, partialFailure } from '../user/each.ts';
import { bringUp } from '../user/up-down.ts';
import { removeUserCompletely } from '../user/remove.ts';
import { unlistedOf } from './apply.ts';
import { changeUser } from './change-user.ts';
import type { Operation } from './operation.ts';
import { operationsOf, type Plan } from './plan.ts';
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

type Row = ApplyResult['operations'][number];

/**
 * Carries a plan out: groups, who goes, everybody whom the document lists, groups that go. Users who are
 * as asked are mended, as by `up`. What fails doesn't stop the rest. Throws PartialFailureError.
 */
export async function carryOut(context: Context, work: Work): Promise<ApplyResult> {
  const { plan, wanted } = work;
  // Without an engine nothing is written.
  await context.engine();
  const images = await buildWanted(context, wanted);
  const attempts = new Attempts(context);
  for (const operation of plan.groups) {
    await attempts.run(`group ${operation.subject}`, () => changeGroup(context, operation, work));
  }
  await forEach(
    context,
    plan.removals.map(({ subject, userId }) => ({ name: subject, id: userId })),
    work,
    (named, beside) =>
      attempts.run(named.name, () => removeUserCompletely(beside, { ...named, purge: false })),
  );
  const changed = [...plan.users].filter(([, operations]) => operations.length > 0);
  await forEach(
    context,
    changed.map(([name]) => ({ name })),
    work,
    ({ name }, beside) => attempts.run(name, () => changeUser(beside, name, work)),
  );
  const mended: Row[] = [];
  const others = othersOf(context, plan);
  const [only = '', ...more] = others;
  await attempts.run(more.length === 0 ? only : 'the others', async () =>
    mended.push(...(await mend(context, others, work))),
  );
  for (const { subject } of plan.leftovers) {
    await attempts.run(`group ${subject}`, async () => removeUserGroup(context, subject));
  }
  const { groups, removals, users, leftovers } = plan;
  attempts.finish(groups.length + removals.length + users.size + leftovers.length);
  const operations = [...images, ...operationsOf(plan), ...mended];
  return {
    changed: operations.length > 0,
    dryRun: false,
    operations,
    unlisted: unlistedOf(plan),
  };
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
): Promise<Row[]> {
  if (names.length === 0) return [];
  const { users } = await bringUp(context, { names, waitMs: timeoutMs, parallel });
  return users.flatMap(({ operations }) => operations);
}

async function buildWanted(context: Context, { images }: Wanted): Promise<Row[]> {
  if (images.length === 0) return [];
  const { images: made } = await buildImages(context, images);
  return made
    .filter(({ built }) => built)
    .map(({ template }) => ({ type: 'image.build', subject: template, cause: 'not found' }));
}

async function changeGroup(
  context: Context,
  { type, subject: name }: Operation,
  { wanted, parallel, timeoutMs }: Work,
): Promise<void> {
  const policy = wanted.groups.get(name) ?? {};
  if (type === 'group.create') createUserGroup(context, { name, policy });
  else
    await updateUserGroup(context, { name, patch: { replacement: policy }, parallel, timeoutMs });
}

function forEach<Who extends { readonly name: string }>(
  context: Context,
  users: readonly Who[],
  { parallel }: Work,
  attempt: (user: Who, beside: Context) => Promise<void>,
) {
  const change = async (user: Who, beside: Context) => {
    await attempt(user, beside);
    return { changed: true };
  };
  return forEachUser(users, { context, parallel, change });
}

/** Things that are tried, of which one that fails doesn't stop the others. */
class Attempts {
  readonly #failed: Failed[] = [];
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async run(name: string, attempt: () => Promise<unknown>): Promise<void> {
    try {
      await attempt();
    } catch (error) {
      this.#context.signal.throwIfAborted();
      const several = error instanceof PartialFailureError ? error.failed : [{ name, error }];
      this.#failed.push(...several);
    }
  }

  /** Throws what failed, of how many things: the error itself when there was no other. */
  finish(total: number): void {
    const [first] = this.#failed;
    if (!first) return;
    if (total === 1) throw first.error;
    const names = new Set(this.#failed.map(({ name }) => name));
    throw partialFailure(this.#failed, `${names.size} of ${total} failed`);
  }
}
