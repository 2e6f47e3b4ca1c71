import { McpdError, PartialFailureError } from '../errors.ts';

interface Outcome {
  readonly changed: boolean;
}

/**
 * Changes users one after another; one that fails doesn't stop the others. Throws PartialFailureError
 * when some of several failed, and the error itself of one alone.
 */
export async function forEachUser<Result extends Outcome>(
  names: readonly string[],
  change: (name: string) => Promise<Result>,
): Promise<{ changed: boolean; users: (Result & { user: string })[] }> {
  const done: (Result & { user: string })[] = [];
  const failed: { user: string; error: McpdError }[] = [];
  for (const name of names) {
    try {
      done.push({ ...(await change(name)), user: name });
    } catch (error) {
      if (!(error instanceof McpdError) || names.length === 1) throw error;
      failed.push({ user: name, error });
    }
  }
  if (failed.length > 0) throw partialFailure(failed, names.length);
  return { changed: done.some(({ changed }) => changed), users: done };
}

function partialFailure(
  failed: readonly { user: string; error: McpdError }[],
  total: number,
): PartialFailureError {
  const lines = failed.map(({ user, error }) => `  ${user}: ${error.message}`);
  return new PartialFailureError(
    `${failed.length} of ${total} users failed:\n${lines.join('\n')}`,
    {
      code: 'PARTIAL_FAILURE',
      suggestions: [...new Set(failed.flatMap(({ error }) => error.suggestions))],
    },
  );
}
