import type { Scope } from './scopes.ts';

/**
 * The OIDC issuer whose tokens open one user's servers too, as JSON in `/run/mcpd/issuer.json`. It is
 * replaced as a whole while the bridge runs, and holds from the next request on. Without the file no
 * issuer is trusted. The host writes it from validated data.
 */
export interface TrustedIssuer {
  /** `iss`, and where clients get tokens. */
  readonly issuer: string;
  /** What `aud` must name. */
  readonly audience: string;
  /** The claim that says whose token it is. */
  readonly userClaim: string;
  /** Values of that claim that are this user. */
  readonly values: readonly string[];
  /** The most that such a token may do. */
  readonly scopes: readonly Scope[];
  /** The claim that says which of them a token has; null: all. */
  readonly scopeClaim: string | null;
  readonly keys: readonly IssuerKey[];
  /** The keys are too old from then on, in milliseconds since the epoch. */
  readonly until: number;
}

/** A public JWK for signatures. */
export interface IssuerKey {
  readonly kty: string;
  readonly kid?: string | undefined;
  readonly alg?: string | undefined;
  readonly [member: string]: unknown;
}

/** Asymmetric ones alone: what checks a token can't make one. */
export const issuerAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
