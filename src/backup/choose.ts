import { ConflictError, NotFoundError, UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { isSamePolicy, type Policy } from '../policy/policy.ts';
import type { Manifest, UserBackup } from './manifest.ts';

export interface Choice {
  /** Names; none: all that are in the backup. */
  readonly names: readonly string[];
  /** Another name, for one user. */
  readonly as: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Chosen {
  readonly backup: UserBackup;
  /** The name they get. */
  readonly name: string;
}

export interface Present {
  readonly users: ReadonlySet<string>;
  readonly groups: ReadonlyMap<string, Policy>;
}

/**
 * Whom a restore is about; `expired` are left out, since the next `up` would remove them. Throws
 * NotFoundError for a name that isn't in the backup, UsageError when --as is about several. Pure.
 */
export function chooseUsers(
  manifest: Manifest,
  { names, as, now }: Choice,
): { chosen: Chosen[]; expired: string[] } {
  const asked =
    names.length === 0 ? manifest.users : [...new Set(names)].map((name) => find(manifest, name));
  if (as !== undefined && asked.length !== 1) {
    throw new UsageError(`--as gives one user another name; this would restore ${asked.length}.`, {
      code: 'USAGE',
      suggestions: ['Say which with --user NAME.'],
    });
  }
  const isOver = ({ expiresAt }: UserBackup) => expiresAt !== null && expiresAt <= now;
  return {
    chosen: asked
      .filter((backup) => !isOver(backup))
      .map((backup) => ({ backup, name: as ?? backup.name })),
    expired: asked.filter(isOver).map(({ name }) => name),
  };
}

/** Throws NotFoundError when whoever was asked for is over. Pure. */
export function requireSomebody({ chosen, expired }: ReturnType<typeof chooseUsers>): void {
  if (chosen.length > 0 || expired.length === 0) return;
  const names = expired.join(', ');
  throw new NotFoundError(`Their time is over: ${names}. Nobody is left to restore.`, {
    code: 'USERS_EXPIRED',
    suggestions: [
      'mcpd restore FILE --dry-run, for who else is in it',
      'mcpd user add NAME, to begin anew',
    ],
  });
}

/** Groups to make for them. Throws ConflictError for names that are taken, and groups that say something else. Pure. */
export function requireRoomFor(
  manifest: Manifest,
  { chosen, isWhole }: { readonly chosen: readonly Chosen[]; readonly isWhole: boolean },
  present: Present,
): Manifest['groups'] {
  const taken = chosen.map(({ name }) => name).filter((name) => present.users.has(name));
  if (taken.length > 0) throw exists(taken, chosen);
  const needed = new Set(chosen.map(({ backup }) => backup.group));
  const groups = manifest.groups.filter(({ name }) => isWhole || needed.has(name));
  const differing = groups.find(({ name, policy }) => {
    const own = present.groups.get(name);
    return own && !isSamePolicy(own, policy);
  });
  if (differing) throw groupDiffers(differing.name);
  return groups.filter(({ name }) => !present.groups.has(name));
}

function find({ users }: Manifest, name: string): UserBackup {
  const user = users.find((one) => one.name === name);
  if (user) return user;
  const names = users.map((one) => one.name);
  throw new NotFoundError(`There is no user "${name}" in the backup.`, {
    code: 'USER_NOT_FOUND',
    suggestions: [
      ...nearest(name, names).map((close) => `Did you mean ${close}?`),
      'mcpd restore FILE --dry-run, for who is in it',
    ],
  });
}

function exists(taken: readonly string[], chosen: readonly Chosen[]): ConflictError {
  const others = chosen.map(({ name }) => name).filter((name) => !taken.includes(name));
  const [first = ''] = taken;
  const what =
    taken.length > 1 ? `The users ${taken.join(', ')} exist` : `The user ${first} exists`;
  return new ConflictError(`${what} already.`, {
    code: 'USER_EXISTS',
    suggestions: [
      `--user ${first} --as NEWNAME, for another name`,
      `mcpd user rename ${first} NEWNAME, or mcpd user remove ${first}`,
      ...(others.length > 0 ? [`--user ${others.join(',')}, for the others alone`] : []),
    ],
  });
}

function groupDiffers(name: string): ConflictError {
  return new ConflictError(`The group ${name} has another policy here than in the backup.`, {
    code: 'GROUP_DIFFERS',
    suggestions: [
      `mcpd group show ${name}`,
      `mcpd group update ${name}, so that it says the same; or remove it, and it is made anew`,
    ],
  });
}
