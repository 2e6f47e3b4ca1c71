import type { SQLOutputValue } from 'node:sqlite';
import type { Context } from '../context.ts';
import { ConflictError, NotFoundError, UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { scopes as allScopes, type Scope } from '../policy/scopes.ts';
import type { Registry } from '../registry/database.ts';
import type { Token, User } from '../registry/rows.ts';
import { getUserById } from '../registry/users.ts';
import { issueToken } from './issue.ts';
import { loadTokenKeys } from './keys.ts';

interface CreateRequest {
  readonly user: Pick<User, 'id' | 'name' | 'expiresAt'>;
  /** Unique among the user's tokens that aren't revoked. */
  readonly name: string;
  /** All of them when left out. */
  readonly scopes?: readonly Scope[] | undefined;
  /** Milliseconds since the epoch. Left out: the user's own end, if any. */
  readonly expiresAt?: number | null | undefined;
}

/**
 * Makes a token; `jwt` is kept nowhere, so it can be shown only now. Throws ConflictError
 * TOKEN_EXISTS, UsageError for a bad name or a time that is over.
 */
export async function createToken(
  { home, registry, clock }: Pick<Context, 'home' | 'registry' | 'clock'>,
  request: CreateRequest,
): Promise<{ token: Token; jwt: string }> {
  const { user, name } = request;
  const token: Token = {
    id: registry.createId('t'),
    userId: user.id,
    name,
    scopes: [...new Set(request.scopes ?? allScopes)],
    createdAt: clock.now(),
    expiresAt: request.expiresAt === undefined ? user.expiresAt : request.expiresAt,
    revokedAt: null,
  };
  check(token);
  const keys = await loadTokenKeys(home);
  const jwt = await issueToken({ ...token, keys, user, instance: registry.instance, clock });
  insert(registry, user, token);
  return { token, jwt };
}

/** A user's tokens, revoked ones too, oldest first. */
export function listTokens(registry: Registry, userId: string): Token[] {
  return registry.db
    .prepare('SELECT * FROM tokens WHERE user_id = ? ORDER BY created_at, id')
    .all(userId)
    .map(toToken);
}

/**
 * Revokes a token by its id or name. `changed` is false when it was already. Publish the live ids
 * after it. Throws NotFoundError.
 */
export function revokeToken(
  registry: Registry,
  { userId, idOrName }: { userId: string; idOrName: string },
): { token: Token; changed: boolean } {
  return registry.transaction(() => {
    const tokens = listTokens(registry, userId);
    const named = tokens.filter((one) => one.name === idOrName);
    const token =
      tokens.find((one) => one.id === idOrName) ??
      named.find((one) => one.revokedAt === null) ??
      named.at(-1);
    if (token === undefined) throw notFound(getUserById(registry, userId), tokens, idOrName);
    if (token.revokedAt !== null) return { token, changed: false };
    const revokedAt = registry.clock.now();
    registry.db.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ?').run(revokedAt, token.id);
    return { token: { ...token, revokedAt }, changed: true };
  });
}

/** Ids of the user's tokens that are neither revoked nor expired. */
export function liveTokenIds(registry: Registry, userId: string): string[] {
  return registry.db
    .prepare(
      `SELECT id FROM tokens WHERE user_id = ? AND revoked_at IS NULL
       AND (expires_at IS NULL OR expires_at > ?) ORDER BY id`,
    )
    .all(userId, registry.clock.now())
    .map((row) => row['id'] as string);
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

function insert(registry: Registry, user: CreateRequest['user'], token: Token): void {
  registry.transaction(() => {
    const tokens = listTokens(registry, user.id);
    if (tokens.some((one) => one.name === token.name && one.revokedAt === null)) {
      throw new ConflictError(`${user.name} has a token "${token.name}" already.`, {
        code: 'TOKEN_EXISTS',
        suggestions: [
          `mcpd token revoke ${user.name} ${token.name}`,
          'Or choose another name with --name.',
        ],
      });
    }
    registry.db
      .prepare(
        `INSERT INTO tokens (id, user_id, name, scopes, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(
        token.id,
        user.id,
        token.name,
        JSON.stringify(token.scopes),
        token.createdAt,
        token.expiresAt,
      );
  });
}

function notFound(
  { name }: { name: string },
  tokens: readonly Token[],
  idOrName: string,
): NotFoundError {
  const close = nearest(idOrName, new Set(tokens.flatMap((one) => [one.name, one.id])));
  return new NotFoundError(`There is no token "${idOrName}".`, {
    code: 'TOKEN_NOT_FOUND',
    suggestions: [
      ...(close.length > 0 ? [`Did you mean ${close.join(' or ')}?`] : []),
      `mcpd token list ${name}`,
    ],
  });
}

function toToken(row: Record<string, SQLOutputValue>): Token {
  return {
    id: row['id'] as string,
    userId: row['user_id'] as string,
    name: row['name'] as string,
    scopes: JSON.parse(row['scopes'] as string) as string[],
    createdAt: row['created_at'] as number,
    expiresAt: row['expires_at'] as number | null,
    revokedAt: row['revoked_at'] as number | null,
  };
}
