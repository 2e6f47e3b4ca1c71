import type { HostConfig } from '../config/schema.ts';
import { claimValues } from '../policy/claim-values.ts';
import type { TrustedIssuer } from '../policy/trusted-issuer.ts';
import type { User } from '../registry/rows.ts';
import type { IssuerKeys } from './keys.ts';

interface Trust {
  readonly oidc: HostConfig['oidc'];
  /** Undefined: none were ever fetched, so that no token is good yet. */
  readonly keys: IssuerKeys | undefined;
  readonly user: Pick<User, 'name'>;
}

/** What the bridges of one user are told of the issuer; undefined when none of its tokens is theirs. */
export function trustedIssuer({ oidc, keys, user }: Trust): TrustedIssuer | undefined {
  if (oidc.issuer === '') return undefined;
  const values = claimValues(oidc.users, user.name);
  if (values.length === 0) return undefined;
  return {
    issuer: oidc.issuer,
    audience: oidc.audience,
    userClaim: oidc.userClaim,
    values,
    scopes: oidc.scopes,
    scopeClaim: oidc.scopeClaim === '' ? null : oidc.scopeClaim,
    keys: keys?.keys ?? [],
    until: keys ? keys.fetchedAt + oidc.maxAgeHours * 3_600_000 : 0,
  };
}
