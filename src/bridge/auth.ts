import { importJWK, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import { parseScopes } from '../policy/scopes.ts';
import { hash } from './builtins.ts';
import type { BridgeConfig } from './config.ts';
import type { Basis, IssuerVerifier } from './issuer.ts';

/** Who a request comes from, as its token says. */
export interface Principal {
  /** The user's id; `oidc:` and the claim's value when another issuer says so. */
  readonly subject: string;
  /** Of a token of ours its id in the registry; else `oidc:` and what its issuer calls it. */
  readonly tokenId: string;
  readonly scopes: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Of a token of the host's OIDC issuer, which no list of ours knows. */
  readonly basis?: Basis;
}

/** Whether it is mcpd itself that looks: its tokens are named after the server. */
export function isHost({ tokenId }: Principal, { server }: Pick<BridgeConfig, 'server'>): boolean {
  return tokenId === server.id;
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
  readonly issuer: IssuerVerifier;
  /** Told of each request that a token of ours is good for. */
  readonly onUse: (tokenId: string) => void;
  readonly clock: Clock;
}

const rememberedTokens = 256;
const longestToken = 8192;

/**
 * Verifies bearer tokens: Ed25519 signature, issuer, audience, expiry, live id; or what the host's OIDC
 * issuer signed. A signature is checked once per token; tokens are remembered by their hash.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { auth, isLive, issuer, onUse, clock } = options;
  const known = new Map<string, Principal>();
  let key: ReturnType<typeof importJWK> | undefined;

  const verifyOwn = async (token: string): Promise<Principal | undefined> => {
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

  const isCurrent = ({ expiresAt, tokenId, basis }: Principal): boolean =>
    clock.now() < expiresAt && (basis ? issuer.holds(basis) : isLive(tokenId));

  /** What was found out before, while it is true. */
  const recall = (digest: string): Principal | undefined => {
    const principal = known.get(digest);
    if (!principal || isCurrent(principal)) return principal;
    known.delete(digest);
    return undefined;
  };

  const learn = async (token: string, digest: string): Promise<Principal | undefined> => {
    const principal = (await verifyOwn(token)) ?? (await issuer.verify(token));
    if (!principal || !isCurrent(principal)) return undefined;
    if (known.size >= rememberedTokens) known.delete(known.keys().next().value ?? '');
    known.set(digest, principal);
    return principal;
  };

  const used = ({ tokenId, basis }: Principal): void => {
    if (!basis) onUse(tokenId);
  };

  return {
    isCurrent,
    used,
    authenticate: async (header) => {
      if (header === undefined) return 'missing';
      const token = /^bearer +([\w.~+/-]+=*)$/i.exec(header)?.[1];
      if (token === undefined || token.length > longestToken) return 'invalid';
      const digest = hash('sha256', token, 'base64');
      const principal = recall(digest) ?? (await learn(token, digest));
      if (!principal) return 'invalid';
      used(principal);
      return principal;
    },
  };
}

function readPrincipal({ sub, jti, exp, scope }: JWTPayload): Principal | undefined {
  if (!sub || !jti || exp === undefined) return undefined;
  return { subject: sub, tokenId: jti, scopes: parseScopes(scope), expiresAt: exp * 1000 };
}
