import * as z from 'zod';
import type { Context } from '../context.ts';
import { claimValues } from '../policy/claim-values.ts';
import { listUsers } from '../registry/users.ts';
import { judgeKeys, keyStates } from './judge.ts';
import { readIssuerKeys } from './keys.ts';

const time = z.iso.datetime().nullable();

export const oidcShowResult = z.object({
  issuer: z.string().nullable().describe('null: none is trusted'),
  audience: z.string(),
  userClaim: z.string(),
  scopes: z.array(z.string()).describe('the most that its tokens may do'),
  scopeClaim: z.string().nullable(),
  users: z
    .array(z.object({ user: z.string(), values: z.array(z.string()) }))
    .describe('who its tokens open servers of, and the values of the claim that say so'),
  state: z
    .enum(keyStates)
    .describe(
      'of the keys; `missing`: never fetched, `aging`: past half of oidc.maxAgeHours, `expired`: its tokens are refused',
    ),
  keys: z.array(
    z.object({
      id: z.string().nullable(),
      algorithm: z.string().nullable(),
      type: z.string(),
    }),
  ),
  fetchedAt: time.describe('when the keys were last fetched; null: never'),
  triedAt: time.describe('of the latest attempt'),
  ageSeconds: z.int().nullable().describe('since they were fetched'),
  validUntil: time.describe('its tokens are refused after that, unless keys are fetched again'),
});

export type OidcShowResult = z.infer<typeof oidcShowResult>;

/** What is known of the trusted issuer. Asks nobody. */
export function showIssuer({ registry, config, home, clock }: Context): OidcShowResult {
  const { issuer, audience, userClaim, scopes, scopeClaim, users, maxAgeHours } = config.oidc;
  const known = issuer === '' ? undefined : readIssuerKeys(home, issuer);
  const fetchedAt = known && known.fetchedAt > 0 ? known.fetchedAt : undefined;
  const now = clock.now();
  const mapped = listUsers(registry).map(({ name }) => ({
    user: name,
    values: claimValues(users, name),
  }));
  return {
    issuer: issuer || null,
    audience,
    userClaim,
    scopes,
    scopeClaim: scopeClaim || null,
    users: mapped.filter(({ values }) => values.length > 0),
    state: judgeKeys(config.oidc, known, now),
    keys: (known?.keys ?? []).map(({ kid, alg, kty }) => ({
      id: textOf(kid),
      algorithm: textOf(alg),
      type: kty,
    })),
    fetchedAt: timeOf(fetchedAt),
    triedAt: timeOf(known?.triedAt),
    ageSeconds: fetchedAt === undefined ? null : Math.round((now - fetchedAt) / 1_000),
    validUntil: timeOf(fetchedAt && fetchedAt + maxAgeHours * 3_600_000),
  };
}

function textOf(member: unknown): string | null {
  return typeof member === 'string' ? member : null;
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
