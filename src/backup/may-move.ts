import { existsSync } from 'node:fs';
import type { Context } from '../context.ts';
import { ConflictError, NotFoundError, UnhealthyError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import { hasOwner } from '../registry/lifetime.ts';
import type { User } from '../registry/rows.ts';
import { findUser, getUser } from '../registry/users.ts';

/** The home that a user leaves, and the one they go to, both on this machine. */
export interface Homes {
  readonly here: Context;
  readonly there: Context;
}

/** Throws NotFoundError for a user who isn't here, or is there already, and ConflictError when it is one home. Makes none. */
export function requireTwoHomes({ here, there }: Homes, name: string): void {
  const { root, registry } = there.home;
  if (here.home.root === root) throw sameHome(root, name);
  const isHome = existsSync(registry);
  if (!findUser(here.registry, name) && isHome && findUser(there.registry, name)) {
    throw new NotFoundError(`There is no user "${name}" here, but one in ${root}.`, {
      code: 'USER_NOT_FOUND',
      suggestions: [`MCPD_HOME=${root} mcpd user show ${name}`],
    });
  }
  getUser(here.registry, name);
  // By another path, or one that was copied: what it has on the engine is taken for this one's.
  if (isHome && here.registry.instance === there.registry.instance) throw sameHome(root, name);
}

/** Throws ConflictError for a user who goes with a process. */
export function requireLasting(registry: Registry, { id, name }: User): void {
  if (!hasOwner(registry, id)) return;
  throw new ConflictError(`${name} was made by mcpd run, and goes when that ends.`, {
    code: 'USER_PASSING',
    suggestions: [`mcpd user copy ${name} NEWNAME, and move that`],
  });
}

/** Who has been brought up here since may have newer files here than in the home `root`. Throws ConflictError then. */
export function requireHalfMoved(
  root: string,
  { user, present }: { readonly user: User; readonly present: User },
): void {
  if (user.down) return;
  throw new ConflictError(
    `${user.name} is in ${root} since a move that was not finished, and was brought up here again.`,
    {
      code: 'USER_IN_BOTH_HOMES',
      suggestions: [
        `mcpd down ${user.name}, and move again, if what is there is right`,
        `MCPD_HOME=${root} mcpd user remove ${present.name} --purge, and move again, if what is here is`,
      ],
    },
  );
}

interface NotReady {
  readonly error: UnhealthyError;
  readonly user: User;
  /** The name they have there. */
  readonly name: string;
}

/** With what to do in which home. */
export function notReadyThere({ there }: Homes, { error, user, name }: NotReady): UnhealthyError {
  const { root } = there.home;
  return new UnhealthyError(`${error.message} ${name} is in ${root}, and still here, down.`, {
    code: error.code,
    suggestions: [
      `MCPD_HOME=${root} mcpd logs ${name}`,
      'Move again, once it works: that removes who is here.',
      `MCPD_HOME=${root} mcpd user remove ${name} --purge, and mcpd up ${user.name}, to have it as it was`,
    ],
    cause: error,
  });
}

function sameHome(root: string, name: string): ConflictError {
  return new ConflictError(`${root} is the home that ${name} is to leave.`, {
    code: 'SAME_HOME',
    suggestions: ['--home DIR, with another home', `mcpd user rename ${name} NEWNAME`],
  });
}
