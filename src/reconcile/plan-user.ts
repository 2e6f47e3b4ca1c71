import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import type { User } from '../registry/rows.ts';
import { desiredState, type ServerInputs } from './desired.ts';
import { reconcile } from './reconcile.ts';
import type { Plan } from './plan.ts';

interface PlanRequest {
  readonly user: User;
  readonly inputs: readonly ServerInputs[];
  readonly restart: ReadonlySet<string> | undefined;
}

/** Compares what one user should have with what the engine has. Changes nothing. */
export async function planUser(
  context: Context,
  engine: Engine,
  { user, inputs, restart }: PlanRequest,
): Promise<Plan> {
  const { registry, config, home, clock } = context;
  const { instance } = registry;
  const observed = await engine.observe({ instance, userId: user.id });
  const desired = desiredState({
    user,
    servers: inputs,
    config,
    home,
    instance,
    privileged: context.uid === 0,
    now: clock.now(),
  });
  return reconcile(desired, observed, restart === undefined ? {} : { restart });
}
