import type { Context } from '../context.ts';
import type { User } from '../registry/rows.ts';
import { desiredState, type ServerInputs } from './desired.ts';
import type { Observed } from './observed.ts';
import { reconcile } from './reconcile.ts';
import type { Plan } from './plan.ts';

interface PlanRequest {
  readonly user: User;
  readonly inputs: readonly ServerInputs[];
  readonly observed: Observed;
  readonly restart: ReadonlySet<string> | undefined;
}

/** Compares what one user should have with what the engine has. Changes nothing. */
export function planUser(context: Context, { user, inputs, observed, restart }: PlanRequest): Plan {
  const { registry, config, home, clock } = context;
  const { instance } = registry;
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
