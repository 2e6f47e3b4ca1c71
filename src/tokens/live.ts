import type { LiveTokens } from '../bridge/live-tokens.ts';
import type { Server, Token } from '../registry/rows.ts';

/** Whether a token is for this server. */
export function opensServer({ servers }: Token, { name }: Pick<Server, 'name'>): boolean {
  return servers === null || servers.includes(name);
}

/**
 * What one server's bridge is told of the user's live tokens: those for this server, and its own id,
 * which is that of mcpd's probe token.
 */
export function serverLiveTokens(
  server: Pick<Server, 'id' | 'name'>,
  tokens: readonly Token[],
): LiveTokens {
  const opening = tokens.filter((token) => opensServer(token, server));
  const ends = opening.flatMap(({ id, expiresAt }) =>
    expiresAt === null ? [] : [[id, expiresAt] as const],
  );
  return { live: [...opening.map(({ id }) => id), server.id], until: Object.fromEntries(ends) };
}
