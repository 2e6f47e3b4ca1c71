import type { Context } from '../context.ts';
import { EngineUnreachableError } from '../errors.ts';
import type { Observed } from '../reconcile/observed.ts';

/** What the engine has. */
export interface Look {
  /** Empty when it didn't answer. */
  readonly observed: Observed;
  /** It didn't answer: what runs is unknown. */
  readonly stale: boolean;
}

/** Asks the engine about one user, or all. One that doesn't answer is said on stderr, and no error. */
export async function lookAtEngine(context: Context, userId?: string): Promise<Look> {
  const { instance } = context.registry;
  try {
    const engine = await context.engine();
    const scope = { instance, ...(userId !== undefined && { userId }) };
    return { observed: await engine.observe(scope), stale: false };
  } catch (error) {
    if (!(error instanceof EngineUnreachableError)) throw error;
    context.progress.notice(`${error.message} States are unknown.`);
    return { observed: { networks: [], servers: [] }, stale: true };
  }
}
