import type { Context } from '../context.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { findAccount } from '../host/accounts.ts';

/** Whose uid and gid a new user's servers run as. */
export interface Identity {
  /** Undefined: the registry allocates one. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly osUser: string | undefined;
  /** True when mcpd isn't root: the caller's uid serves for every tenant. */
  readonly sharedUid: boolean;
}

/**
 * An account's when one was asked for, the caller's own when mcpd isn't root, else one still to be
 * allocated. Throws NotFoundError and RefusedError.
 */
export async function chooseIdentity(
  context: Context,
  osUser: string | undefined,
): Promise<Identity> {
  const isRoot = context.uid === 0;
  const shared = { uid: context.uid, gid: context.gid, osUser: undefined, sharedUid: true };
  if (osUser === undefined) {
    return isRoot
      ? { uid: undefined, gid: undefined, osUser: undefined, sharedUid: false }
      : shared;
  }
  const account = await findAccount(osUser);
  if (!account) {
    throw new NotFoundError(`There is no account "${osUser}" on this host.`, {
      code: 'ACCOUNT_NOT_FOUND',
      suggestions: ['getent passwd, to list accounts'],
    });
  }
  if (account.uid === 0) {
    throw new RefusedError('A tenant cannot run as root.', {
      code: 'ROOT_TENANT',
      suggestions: ['leave --os-user out to get a uid of its own'],
    });
  }
  if (isRoot) return { uid: account.uid, gid: account.gid, osUser, sharedUid: false };
  if (account.uid === context.uid) return { ...shared, osUser };
  throw new RefusedError(`Only root can run a server as ${osUser}.`, {
    code: 'NEEDS_ROOT',
    suggestions: ['sudo mcpd user add …'],
  });
}
