import type { Context } from '../context.ts';
import { EngineUnreachableError, McpdError } from '../errors.ts';
import type { Observed } from '../reconcile/observed.ts';
import { userScope, type Selected, type Target } from './selection.ts';

/** What the engine has. */
export interface Look {
  /** Empty when it didn't answer. */
  readonly observed: Observed;
  /** It didn't answer: what runs is unknown. */
  readonly stale: boolean;
}

const nothing: Observed = { networks: [], servers: [] };

/** Asks the engine about one user, or all. One that doesn't answer is said on stderr, and no error. */
export async function lookAtEngine(context: Context, userId?: string): Promise<Look> {
  const { instance } = context.registry;
  try {
    const engine = await context.engine();
    const scope = { instance, ...(userId !== undefined && { userId }) };
    return { observed: await engine.observe(scope), stale: false };
  } catch (error) {
    if (!isNoEngine(error)) throw error;
    context.progress.notice(`${error.message} States are unknown.`);
    return { observed: nothing, stale: true };
  }
}

/** None answers, or where it is said to be there can't be one. */
function isNoEngine(error: unknown): error is McpdError {
  if (error instanceof EngineUnreachableError) return true;
  return error instanceof McpdError && error.code === 'ENGINE_ADDRESS';
}

/** The same about servers that were selected. About none nothing is asked. */
export async function lookAtServers(
  context: Context,
  target: Target | undefined,
  selected: readonly Selected[],
): Promise<Look> {
  if (selected.length === 0) return { observed: nothing, stale: false };
  return lookAtEngine(context, userScope(target, selected));
}
