import { NotFoundError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Token, User } from '../registry/rows.ts';

/**
 * The token of this id, else the one that has this name now, else the latest that had it. Throws
 * NotFoundError.
 */
export function findToken(
  user: Pick<User, 'name'>,
  tokens: readonly Token[],
  idOrName: string,
): Token {
  const unreplaced = tokens.filter(
    ({ name, replacedBy }) => name === idOrName && replacedBy === null,
  );
  const token =
    tokens.find(({ id }) => id === idOrName) ??
    unreplaced.find(({ revokedAt }) => revokedAt === null) ??
    unreplaced.at(-1);
  if (token) return token;
  const close = nearest(idOrName, new Set(tokens.flatMap(({ name, id }) => [name, id])));
  throw new NotFoundError(`There is no token "${idOrName}".`, {
    code: 'TOKEN_NOT_FOUND',
    suggestions: [
      ...(close.length > 0 ? [`Did you mean ${close.join(' or ')}?`] : []),
      `mcpd token list ${user.name}`,
    ],
  });
}
