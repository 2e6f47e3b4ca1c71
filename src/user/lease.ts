import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { withLease, type Lease } from '../registry/leases.ts';
import { currentHolder, isAlive } from '../registry/processes.ts';

const patienceMs = 60_000;

/** Runs a change to one user while no other command changes that user. */
export function withUserLease<Result>(
  context: Context,
  userName: string,
  change: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  return withLease(context.registry, leaseRequest(context, userName, patienceMs), change);
}

/** The same without waiting: undefined, and nothing done, when another command is changing the user. */
export async function whileFree<Result>(
  context: Context,
  userName: string,
  change: (lease: Lease) => Promise<Result>,
): Promise<Result | undefined> {
  let isFree = false;
  try {
    return await withLease(context.registry, leaseRequest(context, userName, 0), (lease) => {
      isFree = true;
      return change(lease);
    });
  } catch (error) {
    if (!isFree && error instanceof ConflictError && error.code === 'LOCKED') return undefined;
    throw error;
  }
}

function leaseRequest(context: Context, userName: string, wait: number) {
  return {
    userName,
    command: context.command,
    wait,
    holder: currentHolder(),
    probe: isAlive,
    delay: (ms: number) => delay(ms, undefined, { signal: context.signal }),
  };
}
