import type { Context } from '../context.ts';
import { diskFault } from '../disk-fault.ts';
import { McpdError, PartialFailureError, type Failed } from '../errors.ts';

interface Outcome {
  readonly changed: boolean;
}

type Named<Result> = Result & { user: string };

/** What going through users needs of the world. */
type World = Pick<Context, 'signal' | 'progress'>;

interface EachUser<
  Who extends { readonly name: string },
  Result extends Outcome,
  Here extends World,
> {
  readonly context: Here;
  /** How many users at once, from 1. */
  readonly parallel: number;
  /** Is given the world to work in, whose progress is that of one of several. */
  readonly change: (user: Who, context: Here) => Promise<Result>;
}

/**
 * Changes users, some at once; whatever one fails with doesn't stop the others. Results are in the order
 * of the users. After Ctrl-C no more are begun, and its reason is thrown when those under way have ended.
 * Throws PartialFailureError when some of several failed, and the error itself of one alone.
 */
export async function forEachUser<
  Who extends { readonly name: string },
  Result extends Outcome,
  Here extends World,
>(
  users: readonly Who[],
  { context, parallel, change }: EachUser<Who, Result, Here>,
): Promise<{ changed: boolean; users: Named<Result>[] }> {
  const [only] = users;
  if (users.length === 1 && only !== undefined) {
    const result = await change(only, context);
    return { changed: result.changed, users: [{ ...result, user: only.name }] };
  }
  const beside = { ...context, progress: context.progress.beside() };
  const outcomes: PromiseSettledResult<Named<Result>>[] = [];
  const left = users.entries();
  const work = async () => {
    for (const [index, user] of left) {
      if (context.signal.aborted) return;
      const named = change(user, beside).then((result) => ({ ...result, user: user.name }));
      const [outcome] = await Promise.allSettled([named]);
      outcomes[index] = outcome;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, users.length) }, work));
  context.signal.throwIfAborted();

  const failed = outcomes.flatMap((outcome, index) =>
    outcome.status === 'rejected'
      ? [{ name: users[index]?.name ?? '', error: outcome.reason as unknown }]
      : [],
  );
  if (failed.length > 0) {
    throw partialFailure(failed, `${failed.length} of ${users.length} users failed`);
  }
  const done = outcomes.flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  return { changed: done.some(({ changed }) => changed), users: done };
}

/** What several things failed with, each by its name. */
export function partialFailure(failed: readonly Failed[], summary: string): PartialFailureError {
  const lines = failed.map(({ name, error }) => `  ${name}: ${messageOf(error)}`);
  const suggestions = failed.flatMap(({ error }) =>
    error instanceof McpdError ? error.suggestions : [],
  );
  const details = {
    code: 'PARTIAL_FAILURE',
    suggestions: [...new Set(suggestions)],
    cause: new AggregateError(failed.map(({ error }) => error)),
  };
  return new PartialFailureError(`${summary}:\n${lines.join('\n')}`, details, failed);
}

/** For people. Whatever isn't an error of ours is a bug, and says so. */
export function messageOf(error: unknown): string {
  const known = error instanceof McpdError ? error : diskFault(error);
  const message = error instanceof Error ? error.message : String(error);
  return known?.message ?? `${message} (this should not happen)`;
}
