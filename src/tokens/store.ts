import type { SQLOutputValue } from 'node:sqlite';
import type { Registry } from '../registry/database.ts';
import type { Token, User } from '../registry/rows.ts';
import { findToken } from './find.ts';

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
