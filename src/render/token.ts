import type * as z from 'zod';
import type {
  tokenCreateResult,
  tokenListResult,
  tokenRevokeResult,
  tokenRotateResult,
} from '../tokens/result.ts';
import { renderTable } from './table.ts';
import { minute, minuteUtc } from './time.ts';

export function tokenCreateRemark({ user, token }: z.infer<typeof tokenCreateResult>): string {
  return `\nThis is the token ${token.name} of ${user}; it is shown only now. Connect a client with it: mcpd connect ${user}`;
}

export function tokenRotateRemark({ replaced }: z.infer<typeof tokenRotateResult>): string {
  const end =
    replaced.state === 'replaced' && replaced.expiresAt !== null
      ? `works until ${minuteUtc(replaced.expiresAt)}`
      : 'works no more';
  return `\nThe token is shown only now. The one it replaces ${end}.`;
}

export function renderTokenList({ user, tokens }: z.infer<typeof tokenListResult>): string {
  if (tokens.length === 0) return `No live tokens. Make one: mcpd token create ${user}`;
  return renderTable(tokens, [
    { header: 'name', cell: ({ name }) => name },
    { header: 'id', cell: ({ id }) => id },
    { header: 'state', cell: ({ state }) => state },
    { header: 'servers', cell: ({ servers }) => servers?.join(',') ?? 'all' },
    { header: 'scopes', cell: ({ scopes }) => scopes.join(',') },
    { header: 'created', cell: ({ createdAt }) => minute(createdAt) },
    { header: 'expires', cell: ({ expiresAt }) => (expiresAt ? minute(expiresAt) : 'never') },
    { header: 'last used', cell: ({ lastUsedAt }) => (lastUsedAt ? minute(lastUsedAt) : 'never') },
  ]);
}

export function renderTokenRevoke(result: z.infer<typeof tokenRevokeResult>): string {
  const { changed, user, token } = result;
  return changed
    ? `Revoked ${token.name} of ${user}; clients that present it are refused from now on.`
    : `${token.name} of ${user} was revoked already; nothing changed.`;
}
