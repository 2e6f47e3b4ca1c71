import * as z from 'zod';
import type { Token } from '../registry/rows.ts';

/** One token as commands report it; never the token itself. */
export const tokenResult = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  state: z.enum(['live', 'expired', 'revoked']),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
});

export const tokenCreateResult = z.object({
  changed: z.literal(true),
  user: z.string(),
  token: tokenResult,
  value: z.string().describe('what clients present; shown only now'),
});

export const tokenListResult = z.object({ user: z.string(), tokens: z.array(tokenResult) });

export const tokenRevokeResult = z.object({
  changed: z.boolean(),
  user: z.string(),
  token: tokenResult,
});

export function describeToken(token: Token, now: number): z.infer<typeof tokenResult> {
  const isExpired = token.expiresAt !== null && token.expiresAt <= now;
  return {
    id: token.id,
    name: token.name,
    scopes: [...token.scopes],
    state: token.revokedAt !== null ? 'revoked' : isExpired ? 'expired' : 'live',
    createdAt: iso(token.createdAt),
    expiresAt: token.expiresAt === null ? null : iso(token.expiresAt),
    revokedAt: token.revokedAt === null ? null : iso(token.revokedAt),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
