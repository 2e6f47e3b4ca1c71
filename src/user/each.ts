import type { Context } from '../context.ts';
import { diskFault } from '../disk-fault.ts';
import { McpdError, PartialFailureError } from '../errors.ts';

interface Outcome {
  readonly changed: boolean;
}

interface Named {
  readonly name: string;
}

type Of<Result> = Result & { user: string };

/** What going through users needs of the world. */
type World = Pick<Context, 'signal' | 'progress'>;

interface EachUser<Who extends Named, Result, Here extends World> {
  readonly context: Here;
  /** How many users at once, from 1. */
  readonly parallel: number;
  /** Is given the world to work in, whose progress is that of one of several. */
  readonly change: (user: Who, context: Here) => Promise<Result>;
}

/**
 * Changes users, some at once; whatever one fails with doesn't stop the others. Outcomes are in the order
 * of the users. After Ctrl-C no more are begun, and its reason is thrown when those under way have ended.
 */
export async function tryEachUser<Who extends Named, Result, Here extends World>(
  users: readonly Who[],
  { context, parallel, change }: EachUser<Who, Result, Here>,
): Promise<readonly PromiseSettledResult<Result>[]> {
  const here = users.length === 1 ? context : { ...context, progress: context.progress.beside() };
  const outcomes: PromiseSettledResult<Result>[] = [];
  const left = users.entries();
  const work = async () => {
    for (const [index, user] of left) {
      if (context.signal.aborted) return;
      [outcomes[index]] = await Promise.allSettled([change(user, here)]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, users.length) }, work));
  context.signal.throwIfAborted();
  return outcomes;
}

/** The same. Throws PartialFailureError when some of several failed, and the error itself of one alone. */
export async function forEachUser<Who extends Named, Result extends Outcome, Here extends World>(
  users: readonly Who[],
  each: EachUser<Who, Result, Here>,
): Promise<{ changed: boolean; users: Of<Result>[] }> {
  return requireAll(users, await tryEachUser(users, each));
}

/** Throws as `forEachUser` does. */
export function requireAll<Result extends Outcome>(
  users: readonly Named[],
  outcomes: readonly PromiseSettledResult<Result>[],
): { changed: boolean; users: Of<Result>[] } {
  const failed = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected'
      ? [{ name: users[index]?.name ?? '', error: outcome.reason as unknown }]
      : [],
  );
  const [first] = failed;
  if (first && users.length === 1) throw first.error;
  if (first) throw partialFailure(failed, users.length);
  const done = outcomes.flatMap((outcome, index) =>
    outcome.status === 'fulfilled' ? [{ ...outcome.value, user: users[index]?.name ?? '' }] : [],
  );
  return { changed: done.some(({ changed }) => changed), users: done };
}

/** One of several users, and what changing them failed with. */
interface Failed extends Named {
  readonly error: unknown;
}

function partialFailure(failed: readonly Failed[], total: number): PartialFailureError {
  const lines = failed.map(({ name, error }) => `  ${name}: ${messageOf(error)}`);
  const suggestions = failed.flatMap(({ error }) => knownError(error)?.suggestions ?? []);
  const summary = `${failed.length} of ${total} users failed`;
  return new PartialFailureError(`${summary}:\n${lines.join('\n')}`, {
    code: 'PARTIAL_FAILURE',
    suggestions: [...new Set(suggestions)],
    cause: new AggregateError(failed.map(({ error }) => error)),
  });
}

/** For people. Whatever isn't an error of ours is a bug, and says so. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return knownError(error)?.message ?? `${message} (this should not happen)`;
}

/** What is told of an error; undefined: a bug. */
export function knownError(error: unknown): McpdError | undefined {
  return error instanceof McpdError ? error : diskFault(error);
}
