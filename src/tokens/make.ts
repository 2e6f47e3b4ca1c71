import type { Context } from '../context.ts';
import { ConflictError, UsageError } from '../errors.ts';
import { scopes as allScopes, type Scope } from '../policy/scopes.ts';
import type { Token, User } from '../registry/rows.ts';
import { getUserById } from '../registry/users.ts';
import { findToken } from './find.ts';
import { issueToken } from './issue.ts';
import { loadTokenKeys } from './keys.ts';
import { insertToken, listTokens } from './store.ts';
import { unusedTokenName } from './unused-name.ts';

interface CreateRequest {
  readonly user: Pick<User, 'id' | 'name' | 'expiresAt'>;
  /** Unique among the user's tokens that are neither revoked nor replaced; or like what it is to be. */
  readonly name: string | { readonly like: string };
  /** All but `admin` when left out. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Names of servers that the user has; all, also later ones, when left out. */
  readonly servers?: readonly string[] | null | undefined;
  /** Milliseconds since the epoch. Left out: the user's own end, if any. */
  readonly expiresAt?: number | null | undefined;
}

type World = Pick<Context, 'home' | 'registry' | 'clock'>;

/** A token and what its client presents; `jwt` is kept nowhere, so it can be shown only now. */
export interface Issued {
  readonly token: Token;
  readonly jwt: string;
}

/**
 * Makes a token. Throws ConflictError TOKEN_EXISTS, UsageError for a bad name or a time that is over,
 * NotFoundError when its user is removed meanwhile.
 */
export async function createToken(world: World, request: CreateRequest): Promise<Issued> {
  const { registry, clock } = world;
  const { user, expiresAt = user.expiresAt, servers } = request;
  const wish = typeof request.name === 'string' ? request.name : request.name.like;
  const issued = await issue(world, {
    id: registry.createId('t'),
    userId: user.id,
    name: wish,
    scopes: [...new Set(request.scopes ?? allScopes)],
    servers: servers ? [...new Set(servers)] : null,
    createdAt: clock.now(),
    expiresAt,
    revokedAt: null,
    replacedBy: null,
  });
  return registry.transaction(() => {
    getUserById(registry, user.id);
    // Chosen here, or others who choose at the same time would choose the same; the JWT doesn't have it.
    const isGiven = wish === request.name;
    const name = isGiven ? wish : unusedTokenName(registry, user.id, wish);
    if (listTokens(registry, user.id).some((one) => holdsName(one) && one.name === name)) {
      throw exists(user, name);
    }
    const token = { ...issued.token, name };
    insertToken(registry, token);
    return { ...issued, token };
  });
}

interface RotateRequest {
  readonly user: Pick<User, 'id' | 'name' | 'expiresAt'>;
  readonly idOrName: string;
  /** How long the old token still works, in milliseconds, unless it ends earlier. */
  readonly overlapMs: number;
  /** Left out: as long as the old one was made for, but no longer than the user. */
  readonly ttlMs?: number | undefined;
}

/**
 * Makes a token of the same name, scopes and servers as another, which ends after the overlap. One
 * that is over already can be followed too. Throws NotFoundError, and ConflictError for a token that
 * was revoked (TOKEN_REVOKED) or replaced before (TOKEN_REPLACED).
 */
export async function rotateToken(
  world: World,
  { user, idOrName, overlapMs, ttlMs }: RotateRequest,
): Promise<Issued & { readonly replaced: Token }> {
  const { registry, clock } = world;
  const find = () => rotatable(findToken(user, listTokens(registry, user.id), idOrName), user);
  const old = find();
  const now = clock.now();
  const { name, scopes, servers } = old;
  const issued = await issue(world, {
    id: registry.createId('t'),
    userId: user.id,
    name,
    scopes,
    servers,
    createdAt: now,
    expiresAt: ttlMs === undefined ? likewise(old, user, now) : now + ttlMs,
    revokedAt: null,
    replacedBy: null,
  });
  const replaced: Token = {
    ...old,
    expiresAt: Math.min(old.expiresAt ?? Infinity, now + overlapMs),
    replacedBy: issued.token.id,
  };
  registry.transaction(() => {
    // Two rotations at once: the second one finds another token under the name, or this one replaced.
    if (find().id !== old.id) throw alreadyReplaced(user, old);
    registry.db
      .prepare('UPDATE tokens SET expires_at = ?, replaced_by = ? WHERE id = ?')
      .run(replaced.expiresAt, replaced.replacedBy, old.id);
    insertToken(registry, issued.token);
  });
  return { ...issued, replaced };
}

async function issue({ home, registry, clock }: World, token: Token): Promise<Issued> {
  check(token);
  const keys = await loadTokenKeys(home);
  const { instance } = registry;
  const jwt = await issueToken({ ...token, keys, user: { id: token.userId }, instance, clock });
  return { token, jwt };
}

function check({ name, createdAt, expiresAt }: Token): void {
  if (!/^[A-Za-z0-9][\w.-]{0,62}$/.test(name)) {
    throw new UsageError(`"${name}" is not a token's name.`, {
      code: 'TOKEN_NAME_INVALID',
      suggestions: ['Use letters, digits, dots, dashes and underscores, at most 63.'],
    });
  }
  if (expiresAt !== null && expiresAt <= createdAt) {
    throw new UsageError('The token would be expired from the start.', { code: 'TOKEN_EXPIRED' });
  }
}

function holdsName({ revokedAt, replacedBy }: Token): boolean {
  return revokedAt === null && replacedBy === null;
}

/** A token made for 30 days is followed by one for 30 days. */
function likewise(old: Token, user: RotateRequest['user'], now: number): number | null {
  if (old.expiresAt === null) return user.expiresAt;
  return Math.min(now + old.expiresAt - old.createdAt, user.expiresAt ?? Infinity);
}

function rotatable(token: Token, user: RotateRequest['user']): Token {
  if (token.replacedBy !== null) throw alreadyReplaced(user, token);
  if (token.revokedAt === null) return token;
  throw new ConflictError(`The token ${token.name} of ${user.name} was revoked.`, {
    code: 'TOKEN_REVOKED',
    suggestions: [`mcpd token create ${user.name} --name ${token.name}`],
  });
}

function alreadyReplaced(user: RotateRequest['user'], { id, name }: Token): ConflictError {
  return new ConflictError(`The token ${id} of ${user.name} was replaced already.`, {
    code: 'TOKEN_REPLACED',
    suggestions: [`mcpd token rotate ${user.name} ${name}`, `mcpd token list ${user.name}`],
  });
}

function exists(user: CreateRequest['user'], name: string): ConflictError {
  return new ConflictError(`${user.name} has a token "${name}" already.`, {
    code: 'TOKEN_EXISTS',
    suggestions: [
      `mcpd token rotate ${user.name} ${name}`,
      `mcpd token revoke ${user.name} ${name}`,
      'Or choose another name with --name.',
    ],
  });
}
