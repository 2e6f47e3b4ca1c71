import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { withLease } from '../registry/leases.ts';
import { currentHolder, isAlive } from '../registry/processes.ts';

const patienceMs = 60_000;

/** Runs a change to one user while no other command changes that user. */
export function withUserLease<Result>(
  context: Context,
  userName: string,
  change: () => Promise<Result>,
): Promise<Result> {
  return withLease(
    context.registry,
    {
      userName,
      command: context.command,
      wait: patienceMs,
      holder: currentHolder(),
      probe: isAlive,
      delay: (ms) => delay(ms, undefined, { signal: context.signal }),
    },
    change,
  );
}
