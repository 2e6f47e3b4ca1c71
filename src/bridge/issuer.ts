import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JWK } from 'jose';
import type { Clock } from '../clock.ts';
import { parseJson } from '../mcp/body.ts';
import { parseScopes } from '../policy/scopes.ts';
import { issuerAlgorithms, type TrustedIssuer } from '../policy/trusted-issuer.ts';
import type { Principal } from './auth.ts';
import { hash } from './builtins.ts';
import type { Log } from './log.ts';
import { watched, type FolderWatch } from './watched.ts';

/** The issuer as `issuer.json` says it, with its keys ready for use. */
export interface Trust extends TrustedIssuer {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  /** Everything but the keys, as text: with other rules a token is looked at anew. */
  readonly rules: string;
}

/** What a principal of the issuer rests on; it holds as long as both stay the same. */
export interface Basis {
  readonly rules: string;
  /** The id of the key, where the token names one, and the keys it stands for as text. */
  readonly keyId: string | undefined;
  readonly keys: string;
}

export interface IssuerVerifier {
  /** Undefined when the token is none of the issuer's, not for this user, or not valid. */
  verify(token: string): Promise<Principal | undefined>;
  holds(basis: Basis): boolean;
}

interface IssuerVerifierOptions {
  readonly trust: () => Trust | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** For `nbf`, where the issuer's clock is ahead of ours. */
const toleranceSeconds = 5;
/** Anybody can send a token that is complained about. */
const complaintMs = 60_000;

/** Looks at the issuer's file on every question, as with live tokens; undefined: no issuer is trusted. */
export function readTrustedIssuer(file: string, folder?: FolderWatch): () => Trust | undefined {
  return watched(file, parseTrust, folder);
}

/** Verifies tokens of the host's OIDC issuer with the keys that the host fetched. */
export function createIssuerVerifier({ trust, clock, log }: IssuerVerifierOptions): IssuerVerifier {
  let complainedAt = -Infinity;
  const complain = (line: string): undefined => {
    if (clock.now() - complainedAt < complaintMs) return;
    complainedAt = clock.now();
    log(line);
  };
  return {
    verify: async (token) => {
      const trusted = trust();
      if (!trusted || issuerOf(token) !== trusted.issuer) return undefined;
      const { issuer, audience, userClaim, find } = trusted;
      if (clock.now() >= trusted.until) {
        return complain(`the keys of ${issuer} are too old: its tokens are refused`);
      }
      try {
        const { payload } = await jwtVerify(token, find, {
          algorithms: [...issuerAlgorithms],
          issuer,
          audience,
          requiredClaims: ['exp', userClaim],
          currentDate: new Date(clock.now()),
          clockTolerance: toleranceSeconds,
        });
        return readPrincipal(token, payload, trusted);
      } catch (error) {
        const isUnknown = (error as { code?: unknown }).code === 'ERR_JWKS_NO_MATCHING_KEY';
        if (isUnknown) complain(`a token of ${issuer} is signed with a key that is not known here`);
        return undefined;
      }
    },
    holds: ({ rules, keyId, keys }) => {
      const trusted = trust();
      return (
        trusted !== undefined &&
        clock.now() < trusted.until &&
        trusted.rules === rules &&
        keyText(trusted, keyId) === keys
      );
    },
  };
}

function parseTrust(json: Buffer | undefined): Trust | undefined {
  const trusted = json && (parseJson(json) as TrustedIssuer | undefined);
  if (!trusted) return undefined;
  const { keys, until: _until, ...rules } = trusted;
  return {
    ...trusted,
    find: createLocalJWKSet({ keys: [...keys] as JWK[] }),
    rules: JSON.stringify(rules),
  };
}

/** What a token says of itself; undefined for what is no token. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function readPrincipal(
  token: string,
  payload: Readonly<Record<string, unknown>>,
  trusted: Trust,
): Principal | undefined {
  const { userClaim, values, scopes, scopeClaim, rules } = trusted;
  const { exp, jti } = payload;
  const who = payload[userClaim];
  if (typeof who !== 'string' || !values.includes(who) || typeof exp !== 'number') return undefined;
  // Whoever can enter any address at the issuer would be anybody here.
  if (userClaim === 'email' && payload['email_verified'] === false) return undefined;
  const most = parseScopes(scopes);
  const asked = scopeClaim === null ? most : parseScopes(payload[scopeClaim]);
  const isPlain = typeof jti === 'string' && /^[\w.:-]{1,64}$/.test(jti);
  const { kid } = decodeProtectedHeader(token);
  return {
    subject: `oidc:${who}`,
    tokenId: `oidc:${isPlain ? jti : hash('sha256', token, 'base64url').slice(0, 22)}`,
    scopes: asked.intersection(most),
    expiresAt: exp * 1000,
    basis: { rules, keyId: kid, keys: keyText(trusted, kid) },
  };
}

function keyText({ keys }: TrustedIssuer, keyId: string | undefined): string {
  return JSON.stringify(keys.filter(({ kid }) => keyId === undefined || kid === keyId));
}
