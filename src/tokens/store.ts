import type { SQLOutputValue } from 'node:sqlite';
import type { Context } from '../context.ts';
import { ConflictError, UsageError } from '../errors.ts';
import { scopes as allScopes, type Scope } from '../policy/scopes.ts';
import type { Registry } from '../registry/database.ts';
import type { Token, User } from '../registry/rows.ts';
import { findToken } from './find.ts';
import { issueToken } from './issue.ts';
import { loadTokenKeys } from './keys.ts';

interface CreateRequest {
  readonly user: Pick<User, 'id' | 'name' | 'expiresAt'>;
  /** Unique among the user's tokens that are neither revoked nor replaced. */
  readonly name: string;
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

/** Makes a token. Throws ConflictError TOKEN_EXISTS, UsageError for a bad name or a time that is over. */
export async function createToken(world: World, request: CreateRequest): Promise<Issued> {
  const { registry, clock } = world;
  const { user, name, expiresAt = user.expiresAt, servers } = request;
  const issued = await issue(world, {
    id: registry.createId('t'),
    userId: user.id,
    name,
    scopes: [...new Set(request.scopes ?? allScopes)],
    servers: servers ? [...new Set(servers)] : null,
    createdAt: clock.now(),
    expiresAt,
    revokedAt: null,
    replacedBy: null,
  });
  registry.transaction(() => {
    if (listTokens(registry, user.id).some((one) => holdsName(one) && one.name === name)) {
      throw exists(user, name);
    }
    insertToken(registry, issued.token);
  });
  return issued;
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

/** A user's tokens, revoked ones too, oldest first. */
export function listTokens(registry: Registry, userId: string): Token[] {
  return registry.db
    .prepare('SELECT * FROM tokens WHERE user_id = ? ORDER BY created_at, id')
    .all(userId)
    .map(toToken);
}

/** Ids of the users who have, or had, a token. */
export function usersWithTokens(registry: Registry): Set<string> {
  const rows = registry.db.prepare('SELECT DISTINCT user_id FROM tokens').all();
  return new Set(rows.map((row) => row['user_id'] as string));
}

/**
 * Revokes a token by its id or name; by name also those that it replaced and that still work. `changed`
 * is false when all were already. Publish the live tokens after it. Throws NotFoundError.
 */
export function revokeToken(
  registry: Registry,
  { user, idOrName }: { user: Pick<User, 'id' | 'name'>; idOrName: string },
): { token: Token; changed: boolean } {
  return registry.transaction(() => {
    const tokens = listTokens(registry, user.id);
    const token = findToken(user, tokens, idOrName);
    const meant = token.id === idOrName ? [token] : tokens.filter(({ name }) => name === idOrName);
    const valid = meant.filter(({ revokedAt }) => revokedAt === null);
    const revokedAt = registry.clock.now();
    const revoke = registry.db.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ?');
    for (const { id } of valid) revoke.run(revokedAt, id);
    return {
      token: { ...token, revokedAt: token.revokedAt ?? revokedAt },
      changed: valid.length > 0,
    };
  });
}

/** The user's tokens that are neither revoked nor over. */
export function liveTokens(registry: Registry, userId: string): Token[] {
  const now = registry.clock.now();
  return listTokens(registry, userId).filter(
    ({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt === null || expiresAt > now),
  );
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

/** Writes the row of a token that was issued before. */
export function insertToken(registry: Registry, token: Token): void {
  registry.db
    .prepare(
      `INSERT INTO tokens
         (id, user_id, name, scopes, servers, created_at, expires_at, revoked_at, replaced_by)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      token.id,
      token.userId,
      token.name,
      JSON.stringify(token.scopes),
      token.servers && JSON.stringify(token.servers),
      token.createdAt,
      token.expiresAt,
      token.revokedAt,
      token.replacedBy,
    );
}

function toToken(row: Record<string, SQLOutputValue>): Token {
  const servers = row['servers'] as string | null;
  return {
    id: row['id'] as string,
    userId: row['user_id'] as string,
    name: row['name'] as string,
    scopes: JSON.parse(row['scopes'] as string) as string[],
    servers: servers === null ? null : (JSON.parse(servers) as string[]),
    createdAt: row['created_at'] as number,
    expiresAt: row['expires_at'] as number | null,
    revokedAt: row['revoked_at'] as number | null,
    replacedBy: row['replaced_by'] as string | null,
  };
}
