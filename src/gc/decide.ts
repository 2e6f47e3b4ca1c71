import type { Observed } from '../reconcile/observed.ts';
import type { HeldLease } from '../registry/leases.ts';
import type { Over } from '../registry/lifetime.ts';
import type { Quarantined } from '../registry/quarantine.ts';
import type { Server, User } from '../registry/rows.ts';
import type { VolumePaths } from '../storage/paths.ts';

/** What is looked at. Objects and files before the rows: each row is written before what it explains. */
export interface GcFacts {
  readonly observed: Observed;
  /** Run-time folders of this home. */
  readonly folders: readonly { readonly path: string; readonly ownerId: string }[];
  /** Workspaces with an unfinished file system beside them. */
  readonly staged: readonly { readonly paths: VolumePaths; readonly userId: string }[];
  /** The folder that a killed restore left. */
  readonly restore: string | undefined;
  readonly users: readonly User[];
  readonly servers: readonly Server[];
  readonly over: readonly Over[];
  /** Those whose process has ended. */
  readonly deadLeases: readonly HeldLease[];
  /** Ids of users who have, or had, a token. */
  readonly withToken: ReadonlySet<string>;
  /** Values that nobody is kept from any more. */
  readonly released: readonly Quarantined[];
}

/** One thing to remove. */
export type Leftover = { readonly name: string; readonly why: string } & (
  | { readonly kind: 'user'; readonly state: 'over' }
  /** The lease that they were made under. */
  | { readonly kind: 'user'; readonly state: 'half made'; readonly fence: number }
  | {
      readonly kind: 'container';
      readonly containerId: string;
      readonly serverId: string;
      /** Whose lease to hold meanwhile: the user is there, the server is not. */
      readonly user: string | undefined;
    }
  | {
      readonly kind: 'network';
      readonly id: string;
      readonly bridge: string;
      readonly userId: string;
    }
  | { readonly kind: 'folder' }
  | { readonly kind: 'staged'; readonly paths: VolumePaths; readonly userId: string }
  | { readonly kind: 'restore' }
  | { readonly kind: 'quarantine' }
  | { readonly kind: 'lease'; readonly fence: number }
);

/** What is to be removed, in the order to remove it in. Pure. */
export function leftovers(facts: GcFacts): Leftover[] {
  const users = [...overUsers(facts), ...halfMade(facts)];
  const leaving = new Set(users.map(({ name }) => name));
  return [
    ...users,
    ...containers(facts, leaving),
    ...networks(facts),
    ...files(facts),
    ...(facts.restore === undefined ? [] : [killedRestore(facts.restore)]),
    ...facts.released.map(({ kind, value, until }) => ({
      kind: 'quarantine' as const,
      name: `${kind} ${value}`,
      why: `free since ${new Date(until).toISOString()}`,
    })),
    // Whoever removes a user takes over their lease and ends it.
    ...facts.deadLeases
      .filter(({ userName }) => !leaving.has(userName))
      .map(({ userName, fence, pid, command }) => ({
        kind: 'lease' as const,
        name: userName,
        why: `its process has ended: ${command} (${pid})`,
        fence,
      })),
  ];
}

function killedRestore(name: string): Leftover {
  return { kind: 'restore', name, why: 'its restore was killed' };
}

function overUsers({ over }: GcFacts): Leftover[] {
  return over.map(({ name, why }) => ({ kind: 'user', state: 'over', name, why }));
}

/**
 * Users whose first command was killed: it still has the lease that it made them under, and nobody was
 * given a token. Any command that works on them since would have taken that lease over. Fences say so, not
 * times: a clock may be set back.
 */
function halfMade({ users, over, deadLeases, withToken }: GcFacts): Leftover[] {
  const isOver = new Set(over.map(({ name }) => name));
  return users.flatMap(({ id, name, madeUnder }) => {
    const lease = deadLeases.find(
      ({ userName, fence }) => userName === name && fence === madeUnder,
    );
    if (!lease || withToken.has(id) || isOver.has(name)) return [];
    const { fence, command } = lease;
    return [{ kind: 'user', state: 'half made', name, why: `${command} was killed`, fence }];
  });
}

function containers(
  { observed, users, servers }: GcFacts,
  leaving: ReadonlySet<string>,
): Leftover[] {
  const known = new Set(servers.map(({ id }) => id));
  const nameOf = new Map(users.map(({ id, name }) => [id, name]));
  return observed.servers.flatMap(({ serverId, userId, containerId, containerName }) => {
    const user = nameOf.get(userId);
    if (known.has(serverId) || (user !== undefined && leaving.has(user))) return [];
    const why = user === undefined ? 'its user is gone' : `${user} has no such server`;
    return [{ kind: 'container', name: containerName, why, containerId, serverId, user }];
  });
}

function networks({ observed, users }: GcFacts): Leftover[] {
  const known = new Set(users.map(({ id }) => id));
  return observed.networks
    .filter(({ userId }) => !known.has(userId))
    .map(({ id, name, bridge, userId }) => ({
      kind: 'network',
      name,
      why: 'its user is gone',
      id,
      bridge,
      userId,
    }));
}

function files({ folders, staged, users, servers }: GcFacts): Leftover[] {
  const known = new Set([...users, ...servers].map(({ id }) => id));
  return [
    ...folders
      .filter(({ ownerId }) => !known.has(ownerId))
      .map(({ path }) => ({
        kind: 'folder' as const,
        name: path,
        why: 'its user or server is gone',
      })),
    ...staged
      .filter(({ userId }) => !known.has(userId))
      .map(({ paths, userId }) => ({
        kind: 'staged' as const,
        name: paths.stagedImage,
        why: 'its user went before it was finished',
        paths,
        userId,
      })),
  ];
}
