import type * as z from 'zod';
import type { Context } from '../context.ts';
import type { Scope } from '../policy/scopes.ts';
import { logFolder, runtimeFolder } from '../reconcile/desired.ts';
import type { User } from '../registry/rows.ts';
import { getServer, listServers } from '../registry/servers.ts';
import { getUser } from '../registry/users.ts';
import { findToken } from './find.ts';
import { lastUses } from './last-used.ts';
import { publishLiveTokens } from './publish.ts';
import {
  describeToken,
  type tokenCreateResult,
  type tokenListResult,
  type tokenRevokeResult,
  type tokenRotateResult,
} from './result.ts';
import { createToken, rotateToken } from './make.ts';
import { listTokens, revokeToken } from './store.ts';

interface CreateUserToken {
  readonly userName: string;
  /** Left out: like `default`. `{ like: 'laptop' }` makes it `laptop`, or `laptop-2` and so on. */
  readonly name?: string | { readonly like: string } | undefined;
  /** Left out: all but `admin`. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Names of servers; left out: all. */
  readonly servers?: readonly string[] | undefined;
  /** Left out: as long as the user. */
  readonly ttlMs?: number | undefined;
}

/**
 * Makes a token that the user's servers accept from now on. Throws what createToken throws, and
 * NotFoundError for a server that the user doesn't have.
 */
export async function createUserToken(
  context: Context,
  { userName, name = { like: 'default' }, scopes, servers, ttlMs }: CreateUserToken,
): Promise<z.infer<typeof tokenCreateResult>> {
  const { registry, clock } = context;
  const user = getUser(registry, userName);
  for (const server of servers ?? []) getServer(registry, user.id, server);
  const now = clock.now();
  const expiresAt = ttlMs === undefined ? undefined : now + ttlMs;
  const { token, jwt } = await createToken(context, { user, name, scopes, servers, expiresAt });
  publishTokens(context, user);
  return { changed: true, user: user.name, token: describeToken(token, { now }), value: jwt };
}

interface UserToken {
  readonly userName: string;
  readonly idOrName: string;
}

interface RotateUserToken extends UserToken {
  readonly overlapMs: number;
  readonly ttlMs: number | undefined;
}

/** Replaces a token; the old one works until the overlap is over. Throws what rotateToken throws. */
export async function rotateUserToken(
  context: Context,
  { userName, ...request }: RotateUserToken,
): Promise<z.infer<typeof tokenRotateResult>> {
  const user = getUser(context.registry, userName);
  const { token, jwt, replaced } = await rotateToken(context, { user, ...request });
  publishTokens(context, user);
  const facts = { now: context.clock.now() };
  return {
    changed: true,
    user: user.name,
    token: describeToken(token, facts),
    replaced: describeToken(replaced, facts),
    value: jwt,
  };
}

/** Throws NotFoundError unless the user is there and has, or had, this token. */
export function requireUserToken({ registry }: Context, { userName, idOrName }: UserToken): void {
  const user = getUser(registry, userName);
  findToken(user, listTokens(registry, user.id), idOrName);
}

/** Revokes a token, by id or name, at every server of the user at once. Throws NotFoundError. */
export function revokeUserToken(
  context: Context,
  { userName, idOrName }: UserToken,
): z.infer<typeof tokenRevokeResult> {
  const user = getUser(context.registry, userName);
  const { token, changed } = revokeToken(context.registry, { user, idOrName });
  // Published even when it was revoked before: that command may have been killed here.
  publishTokens(context, user);
  return {
    changed,
    user: user.name,
    token: describeToken(token, { now: context.clock.now() }),
  };
}

/** A user's tokens, without those that are over unless `all`. */
export function listUserTokens(
  context: Context,
  { userName, all }: { userName: string; all: boolean },
): z.infer<typeof tokenListResult> {
  const { registry, home } = context;
  const user = getUser(registry, userName);
  const servers = listServers(registry, user.id);
  const used = lastUses(servers.map(({ id }) => logFolder(home, user.id, id)));
  const now = context.clock.now();
  const tokens = listTokens(registry, user.id)
    .map((token) => describeToken(token, { now, lastUsedAt: used.get(token.id) }))
    .filter(({ state }) => all || state === 'live' || state === 'replaced');
  return { user: user.name, tokens };
}

/** Tells the user's bridges which tokens are valid now. */
export function publishTokens({ registry, home, uid, gid }: Context, user: User): void {
  publishLiveTokens(registry, {
    userId: user.id,
    folderOf: (serverId) => runtimeFolder(home, registry.instance, serverId),
    owner: { uid, gid },
  });
}
