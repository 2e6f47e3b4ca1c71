import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import { withLease, type Lease } from '../registry/leases.ts';
import { currentHolder, isAlive } from '../registry/processes.ts';
import type { User } from '../registry/rows.ts';
import { findUserById, getUser } from '../registry/users.ts';

const patienceMs = 60_000;

/**
 * Runs a change to one user while no other command changes them. Leases are by name, and names change: so
 * this is for a name whose user may be anybody. Otherwise use `withUser` or `withNamedUser`.
 */
export function withUserLease<Result>(
  context: Context,
  userName: string,
  change: (lease: Lease) => Promise<Result>,
): Promise<Result> {
  return withLease(context.registry, leaseRequest(context, userName, patienceMs), change);
}

/**
 * `withUserLease` for one user, by whatever name they have when it is their turn. Undefined, and nothing done, when
 * they were removed.
 */
export async function withUser<Result>(
  context: Context,
  id: string,
  change: (user: User) => Promise<Result>,
): Promise<Result | undefined> {
  for (;;) {
    const name = findUserById(context.registry, id)?.name;
    if (name === undefined) return undefined;
    const done = await withUserLease(context, name, async () => {
      const user = findUserById(context.registry, id);
      // The lease that was waited for is now of another user, or of nobody.
      return user?.name === name ? { result: await change(user) } : undefined;
    });
    if (done) return done.result;
  }
}

/** Whom a command names. */
export interface Named {
  readonly name: string;
  /** Of the user who was meant, where that was said before; undefined: who has the name now. */
  readonly id?: string | undefined;
}

/**
 * `withUserLease` for the user of this name. Throws NotFoundError; ConflictError USER_REPLACED when it is another
 * user's by the time it is their turn.
 */
export async function withNamedUser<Result>(
  context: Context,
  named: Named,
  change: (user: User) => Promise<Result>,
): Promise<Result> {
  const { name, id } = sameUser(context.registry, named);
  return withUserLease(context, name, async () => change(sameUser(context.registry, { name, id })));
}

/** The user of this name; throws NotFoundError, and ConflictError USER_REPLACED when it is not the one meant. */
export function sameUser(registry: Registry, { name, id }: Named): User {
  const user = getUser(registry, name);
  if (id === undefined || user.id === id) return user;
  throw new ConflictError(`${name} is another user than when the command was begun.`, {
    code: 'USER_REPLACED',
    suggestions: [`mcpd user show ${name}, and try again if that one is meant`],
  });
}

/** `withUserLease` without waiting: undefined, and nothing done, when another command is changing the user. */
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
