import type * as z from 'zod';
import type { Context } from '../context.ts';
import type { Scope } from '../policy/scopes.ts';
import { runtimeFolder } from '../reconcile/desired.ts';
import type { User } from '../registry/rows.ts';
import { getUser } from '../registry/users.ts';
import { publishLiveTokens } from './publish.ts';
import {
  describeToken,
  type tokenCreateResult,
  type tokenListResult,
  type tokenRevokeResult,
} from './result.ts';
import { createToken, listTokens, revokeToken } from './store.ts';

interface CreateUserToken {
  readonly userName: string;
  readonly name: string;
  /** Undefined: all. */
  readonly scopes: readonly Scope[] | undefined;
  /** Undefined: as long as the user. */
  readonly ttlMs: number | undefined;
}

/** Makes a token that the user's servers accept from now on. Throws what createToken throws. */
export async function createUserToken(
  context: Context,
  { userName, name, scopes, ttlMs }: CreateUserToken,
): Promise<z.infer<typeof tokenCreateResult>> {
  const user = getUser(context.registry, userName);
  const now = context.clock.now();
  const expiresAt = ttlMs === undefined ? undefined : now + ttlMs;
  const { token, jwt } = await createToken(context, { user, name, scopes, expiresAt });
  publishTokens(context, user);
  return { changed: true, user: user.name, token: describeToken(token, now), value: jwt };
}

/** Revokes a token, by id or name, at every server of the user at once. Throws NotFoundError. */
export function revokeUserToken(
  context: Context,
  { userName, idOrName }: { userName: string; idOrName: string },
): z.infer<typeof tokenRevokeResult> {
  const user = getUser(context.registry, userName);
  const { token, changed } = revokeToken(context.registry, { userId: user.id, idOrName });
  // Published even when it was revoked before: that command may have been killed here.
  publishTokens(context, user);
  return { changed, user: user.name, token: describeToken(token, context.clock.now()) };
}

/** A user's tokens, without those that are over unless `all`. */
export function listUserTokens(
  context: Context,
  { userName, all }: { userName: string; all: boolean },
): z.infer<typeof tokenListResult> {
  const user = getUser(context.registry, userName);
  const tokens = listTokens(context.registry, user.id)
    .map((token) => describeToken(token, context.clock.now()))
    .filter(({ state }) => all || state === 'live');
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
