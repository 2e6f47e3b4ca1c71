import { judgeKeys } from '../oidc/judge.ts';
import { claimValues } from '../policy/claim-values.ts';
import type { Facts } from './facts.ts';
import { ok, type Check } from './result.ts';

const refresh = 'mcpd oidc refresh';

/** Can tokens of the trusted issuer be checked, and do they open anything? */
export function checkIssuer({ config, users, issuerKeys, now }: Facts): Check {
  const id = 'issuer';
  const { issuer, users: mappings, maxAgeHours } = config.oidc;
  const hours = Math.floor((now - (issuerKeys?.fetchedAt ?? 0)) / 3_600_000);
  switch (judgeKeys(config.oidc, issuerKeys, now)) {
    case 'untrusted':
      return ok(id, 'no OIDC issuer is trusted');
    case 'missing':
      return {
        id,
        status: 'fail',
        summary: `the keys of ${issuer} were never fetched`,
        meaning: 'Its tokens are refused everywhere.',
        mend: [refresh],
      };
    case 'expired':
      return {
        id,
        status: 'fail',
        summary: `the keys of ${issuer} are ${hours} hours old; they were good for ${maxAgeHours}`,
        meaning: 'Its tokens are refused everywhere.',
        mend: [`${refresh}, from a timer`],
      };
    case 'aging':
      return {
        id,
        status: 'warn',
        summary: `the keys of ${issuer} are ${hours} hours old; they are good for ${maxAgeHours}`,
        meaning: 'Its tokens are refused when they get older, and newer keys of it are not known.',
        mend: [`${refresh}, from a timer`],
      };
    case 'good':
      break;
  }
  if (users.some(({ name }) => claimValues(mappings, name).length > 0)) {
    return ok(id, `${issuer}, with keys of the last ${hours + 1} hours`);
  }
  return {
    id,
    status: 'warn',
    summary: `no user is mapped to ${issuer}`,
    meaning: 'Its tokens open nobody’s servers.',
    mend: ['mcpd config set oidc.users VALUE=USER', refresh],
  };
}
