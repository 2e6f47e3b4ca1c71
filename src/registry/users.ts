import { join } from 'node:path';
import type { HostConfig } from '../config/schema.ts';
import { ConflictError, NotFoundError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Egress } from '../policy/egress.ts';
import type { LimitOverrides, Limits } from '../policy/limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { Registry } from './database.ts';
import { getGroupById } from './groups.ts';
import { setOwner } from './lifetime.ts';
import { purgeQuarantine, quarantineUser } from './quarantine.ts';
import {
  choosePorts,
  chooseSubnet,
  chooseUid,
  readTaken,
  type Surroundings,
} from './reservations.ts';
import type { Group, User } from './rows.ts';
import { checkUserRequest, userExists, type AddUserRequest } from './user-request.ts';
import { insertUser, toUser } from './user-row.ts';

const selectUsers = `
  SELECT users.*, groups.name AS group_name, groups.policy AS group_policy,
    groups.created_at AS group_created_at
  FROM users LEFT JOIN groups ON groups.id = users.group_id`;

/** All users, by name. */
export function listUsers(registry: Registry): User[] {
  return registry.db.prepare(`${selectUsers} ORDER BY users.name`).all().map(toUser);
}

/** The users who were made with this run id, by name. */
export function listUsersOfRun(registry: Registry, runId: string): User[] {
  return registry.db
    .prepare(`${selectUsers} WHERE users.run_id = ? ORDER BY users.name`)
    .all(runId)
    .map(toUser);
}

/** The members of a group, by name. */
export function listUsersOfGroup(registry: Registry, groupId: string): User[] {
  return registry.db
    .prepare(`${selectUsers} WHERE users.group_id = ? ORDER BY users.name`)
    .all(groupId)
    .map(toUser);
}

/** The user of this name, if there is one. */
export function findUser(registry: Registry, name: string): User | undefined {
  const row = registry.db.prepare(`${selectUsers} WHERE users.name = ?`).get(name);
  return row && toUser(row);
}

/** The user of this name; throws NotFoundError with the names it may have been meant as. */
export function getUser(registry: Registry, name: string): User {
  const user = findUser(registry, name);
  if (user) return user;
  const names = listUsers(registry).map((one) => one.name);
  const close = nearest(name, names);
  throw new NotFoundError(`There is no user "${name}".`, {
    code: 'USER_NOT_FOUND',
    suggestions: [
      ...(close.length > 0 ? [`Did you mean ${close.join(' or ')}?`] : []),
      names.length > 0 ? 'mcpd user list' : `mcpd user add ${name}`,
    ],
  });
}

/** The user of this id; undefined for one who was removed. */
export function findUserById(registry: Registry, id: string): User | undefined {
  const row = registry.db.prepare(`${selectUsers} WHERE users.id = ?`).get(id);
  return row && toUser(row);
}

/** The user of this id; throws NotFoundError, for one who was removed meanwhile. */
export function getUserById(registry: Registry, id: string): User {
  const user = findUserById(registry, id);
  if (user) return user;
  throw new NotFoundError(`There is no user with the id ${id} any more.`, {
    code: 'USER_NOT_FOUND',
    suggestions: ['mcpd user list'],
  });
}

/**
 * Adds a user with a port block, a subnet and a uid that nobody has, in one transaction. Throws
 * ConflictError when something asked for is taken (USER_EXISTS, UID_TAKEN, WORKSPACE_TAKEN) or
 * nothing is left (PORTS_EXHAUSTED, SUBNETS_EXHAUSTED, UIDS_EXHAUSTED), UsageError for a bad name.
 */
export function addUser(registry: Registry, request: AddUserRequest, world: Surroundings): User {
  checkUserRequest(request);
  return registry.transaction(() => {
    purgeQuarantine(registry);
    const taken = readTaken(registry);
    if (taken.names.has(request.name)) throw userExists(request.name);
    const { former } = request;
    const id = former?.id ?? request.id ?? registry.createId('u');
    const workspace = request.workspace ?? join(registry.home.users, id, 'workspace');
    if (taken.workspaces.some((one) => overlaps(one, workspace))) throw workspaceTaken(workspace);
    const uid = chooseUid(registry, { ...request, workspace, taken, world, former: former?.uid });
    const user: User = {
      id,
      name: request.name,
      uid,
      gid: request.gid ?? uid,
      osUser: request.osUser ?? null,
      ports: choosePorts(registry, taken, { ...world, former: former?.ports }),
      subnet: chooseSubnet(registry, taken.subnets, { ...world, former: former?.subnet }),
      workspace,
      workspaceManaged: workspace.startsWith(`${registry.home.users}/`),
      limits: request.limits,
      egress: request.egress ?? null,
      policy: request.policy ?? {},
      group: request.groupId == null ? null : getGroupById(registry, request.groupId),
      down: false,
      createdAt: registry.clock.now(),
      madeUnder: request.fence ?? null,
      expiresAt: request.expiresAt ?? null,
      runId: request.runId ?? null,
    };
    insertUser(registry, user, request.sharedUid === true);
    if (request.owner) setOwner(registry, user.id, request.owner);
    return user;
  });
}

/** What may change about a user. A limit set to null goes back to the default; one left out stays. */
export interface UserPatch {
  readonly limits?: { readonly [K in keyof Limits]?: Limits[K] | null };
  /** Null: the group's or the host's. */
  readonly egress?: Egress | null;
  readonly policy?: Policy;
  readonly groupId?: string | null;
  readonly expiresAt?: number | null;
  readonly down?: boolean;
}

/** Changes one user and gives the result. Throws NotFoundError. */
export function updateUser(registry: Registry, id: string, patch: UserPatch): User {
  return registry.transaction(() => {
    const user = getUserById(registry, id);
    const next = {
      limits: patchLimits(user.limits, patch.limits ?? {}),
      egress: patch.egress === undefined ? user.egress : patch.egress,
      policy: patch.policy ?? user.policy,
      group: nextGroup(registry, user, patch),
      expiresAt: patch.expiresAt === undefined ? user.expiresAt : patch.expiresAt,
      down: patch.down ?? user.down,
    };
    registry.db
      .prepare(
        `UPDATE users SET limits = ?, egress = ?, policy = ?, group_id = ?, expires_at = ?, down = ?
         WHERE id = ?`,
      )
      .run(
        JSON.stringify(next.limits),
        JSON.stringify(next.egress),
        JSON.stringify(next.policy),
        next.group?.id ?? null,
        next.expiresAt,
        Number(next.down),
        id,
      );
    return { ...user, ...next };
  });
}

interface RemoveUserOptions {
  /** The workspace stays, so its uid stays reserved while it exists. */
  readonly keepUid: boolean;
  readonly config: Pick<HostConfig, 'quarantineHours'>;
}

/**
 * Removes a user with all servers, secrets and tokens; ports, subnet and uid go into quarantine. Throws
 * NotFoundError.
 */
export function removeUser(
  registry: Registry,
  id: string,
  { keepUid, config }: RemoveUserOptions,
): void {
  registry.transaction(() => {
    const user = getUserById(registry, id);
    const row = registry.db.prepare('SELECT shared_uid FROM users WHERE id = ?').get(id);
    quarantineUser(registry, user, {
      until: registry.clock.now() + config.quarantineHours * 3_600_000,
      keepUid,
      sharedUid: row?.['shared_uid'] === 1,
    });
    registry.db.prepare('DELETE FROM users WHERE id = ?').run(id);
  });
}

/** Whether one folder is the other, or lies in it. */
function overlaps(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function workspaceTaken(path: string): ConflictError {
  return new ConflictError(`The workspace ${path} belongs to another user.`, {
    code: 'WORKSPACE_TAKEN',
    suggestions: ['Choose another folder for --workspace.'],
  });
}

function nextGroup(registry: Registry, user: User, { groupId }: UserPatch): Group | null {
  if (groupId === undefined) return user.group;
  return groupId === null ? null : getGroupById(registry, groupId);
}

function patchLimits(
  limits: LimitOverrides,
  patch: NonNullable<UserPatch['limits']>,
): LimitOverrides {
  const merged = Object.entries({ ...limits, ...patch });
  return Object.fromEntries(
    merged.filter(([, value]) => value !== null && value !== undefined),
  ) as LimitOverrides;
}
