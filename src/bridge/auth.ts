import { importJWK, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import { parseScopes } from '../policy/scopes.ts';
import { hash } from './builtins.ts';
import type { BridgeConfig } from './config.ts';

/** Who a request comes from, as its token says. */
export interface Principal {
  readonly subject: string;
  readonly tokenId: string;
  readonly scopes: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Authenticator {
  /** Takes the `Authorization` header. */
  authenticate(header: string | undefined): Promise<Principal | 'missing' | 'invalid'>;
  /** Says that a request was sent with its token again, which was not verified anew. */
  used(principal: Principal): void;
  /** Whether the token has neither expired nor been revoked since. */
  isCurrent(principal: Principal): boolean;
}

interface AuthenticatorOptions {
  readonly auth: BridgeConfig['auth'];
  readonly isLive: (tokenId: string) => boolean;
  /** Told of each request that a token of ours is good for. */
  readonly onUse: (tokenId: string) => void;
  readonly clock: Clock;
}

const rememberedTokens = 256;
const longestToken = 8192;

/**
 * Verifies bearer tokens: Ed25519 signature, issuer, audience, expiry, live id. A signature is checked
 * once per token; tokens are remembered by their hash.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { auth, isLive, onUse, clock } = options;
  const known = new Map<string, Principal>();
  let key: ReturnType<typeof importJWK> | undefined;

  const verify = async (token: string): Promise<Principal | undefined> => {
    try {
      key ??= importJWK(auth.publicKey, 'EdDSA');
      const { payload } = await jwtVerify(token, await key, {
        algorithms: ['EdDSA'],
        issuer: auth.issuer,
        audience: auth.audience,
        requiredClaims: ['sub', 'jti', 'exp'],
        currentDate: new Date(clock.now()),
      });
      return readPrincipal(payload);
    } catch {
      return undefined;
    }
  };

  const isCurrent = (principal: Principal): boolean =>
    clock.now() < principal.expiresAt && isLive(principal.tokenId);

  return {
    isCurrent,
    used: ({ tokenId }) => onUse(tokenId),
    authenticate: async (header) => {
      if (header === undefined) return 'missing';
      const token = /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
      if (token === undefined || token.length > longestToken) return 'invalid';
      const digest = hash('sha256', token, 'base64');
      let principal = known.get(digest);
      if (!principal) {
        principal = await verify(token);
        if (!principal) return 'invalid';
        if (known.size >= rememberedTokens) known.delete(known.keys().next().value ?? '');
        known.set(digest, principal);
      }
      if (isCurrent(principal)) {
        onUse(principal.tokenId);
        return principal;
      }
      known.delete(digest);
      return 'invalid';
    },
  };
}

function readPrincipal({ sub, jti, exp, scope }: JWTPayload): Principal | undefined {
  if (!sub || !jti || exp === undefined) return undefined;
  return { subject: sub, tokenId: jti, scopes: parseScopes(scope), expiresAt: exp * 1000 };
}
