import { ConflictError, RefusedError, UsageError } from '../errors.ts';
import type { Egress } from '../policy/egress.ts';
import type { LimitOverrides } from '../policy/limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { PortBlock } from './allocation.ts';
import type { Holder } from './processes.ts';

/** What a restored user had: theirs again where nobody has it. */
export interface Former {
  /** Given as it is: whoever asks for it has made sure that it is nobody's. */
  readonly id: string;
  readonly uid: number | undefined;
  readonly ports: PortBlock | undefined;
  readonly subnet: string;
}

/** The user as asked for; what is left out is allocated. */
export interface AddUserRequest {
  readonly name: string;
  /** What other rows name already. */
  readonly id?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** The account whose uid was asked for. */
  readonly osUser?: string | undefined;
  /** mcpd isn't root, so `uid` is the caller's own and serves every user. */
  readonly sharedUid?: boolean | undefined;
  /** Owner of an existing workspace: given back when it was the uid of the removed user whose workspace this is. */
  readonly adoptUid?: number | undefined;
  /** A checked path; undefined: a folder of mcpd's own. */
  readonly workspace?: string | undefined;
  readonly limits: LimitOverrides;
  /** Left out: the group's or the host's. */
  readonly egress?: Egress | null | undefined;
  readonly policy?: Policy | undefined;
  readonly groupId?: string | null | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | null | undefined;
  readonly runId?: string | undefined;
  /** The process that the user is made for, and goes with. */
  readonly owner?: Holder | undefined;
  readonly former?: Former | undefined;
  /** Of the lease of the command that makes them; left out: once there are rows, nothing can be half made. */
  readonly fence?: number | undefined;
}

/** Throws UsageError for a bad name, RefusedError for a tenant that would be root. */
export function checkUserRequest({ name, uid, gid, sharedUid }: AddUserRequest): void {
  checkUserName(name);
  if (uid === 0 || gid === 0) {
    throw new RefusedError('A tenant may not be root (uid or gid 0).', {
      code: 'ROOT_TENANT',
      suggestions: ['Choose an ordinary account, or leave it out to get a uid of its own.'],
    });
  }
  if (sharedUid === true && uid === undefined) throw new Error('a shared uid must be given');
}

/** Throws UsageError. */
export function checkUserName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,30}$/.test(name)) return;
  throw new UsageError(`"${name}" is not a user name.`, {
    code: 'USER_NAME_INVALID',
    suggestions: ['Use lower-case letters, digits and dashes, at most 31, a letter first.'],
  });
}

export function userExists(name: string): ConflictError {
  return new ConflictError(`The user "${name}" exists already.`, {
    code: 'USER_EXISTS',
    suggestions: [`mcpd user show ${name}`, `mcpd user update ${name}`],
  });
}
