import * as z from 'zod';
import type { Token } from '../registry/rows.ts';

/** One token as commands report it; never the token itself. */
export const tokenResult = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  servers: z
    .array(z.string())
    .nullable()
    .describe('names of the servers that it opens; null: all of the user’s'),
  state: z
    .enum(['live', 'replaced', 'expired', 'revoked'])
    .describe('replaced: it was rotated, and still works until expiresAt'),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso
    .datetime()
    .nullable()
    .describe('to the minute, at the servers that the user has now; null: never'),
});

export const tokenCreateResult = z.object({
  changed: z.literal(true),
  user: z.string(),
  token: tokenResult,
  value: z.string().describe('what clients present; shown only now'),
});

export const tokenRotateResult = tokenCreateResult.extend({
  replaced: tokenResult.describe('the token of that name until now'),
});

export const tokenListResult = z.object({ user: z.string(), tokens: z.array(tokenResult) });

export const tokenRevokeResult = z.object({
  changed: z.boolean(),
  user: z.string(),
  token: tokenResult,
});

interface TokenFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lastUsedAt?: number | undefined;
}

export function describeToken(
  token: Token,
  { now, lastUsedAt }: TokenFacts,
): z.infer<typeof tokenResult> {
  return {
    id: token.id,
    name: token.name,
    scopes: [...token.scopes],
    servers: token.servers && [...token.servers],
    state: stateOf(token, now),
    createdAt: iso(token.createdAt),
    expiresAt: token.expiresAt === null ? null : iso(token.expiresAt),
    revokedAt: token.revokedAt === null ? null : iso(token.revokedAt),
    lastUsedAt: lastUsedAt === undefined ? null : iso(lastUsedAt),
  };
}

function stateOf(
  { revokedAt, expiresAt, replacedBy }: Token,
  now: number,
): z.infer<typeof tokenResult>['state'] {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt !== null && expiresAt <= now) return 'expired';
  return replacedBy === null ? 'live' : 'replaced';
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
