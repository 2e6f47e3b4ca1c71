import { counted } from '../counted.ts';
import { judgeKeys } from '../oidc/judge.ts';
import { claimValues } from '../policy/claim-values.ts';
import type { Facts } from './facts.ts';
import { ok, type Check } from './result.ts';

const refresh = 'mcpd oidc refresh';
const refused = 'Its tokens are refused everywhere.';

/** Can tokens of the trusted issuer be checked, and do they open anything? */
export function checkIssuer({ config, users, issuerKeys, now }: Facts): Check {
  const id = 'issuer';
  const { issuer, users: mappings, maxAgeHours } = config.oidc;
  const hours = Math.floor((now - (issuerKeys?.fetchedAt ?? 0)) / 3_600_000);
  const age = `the keys of ${issuer} are ${counted(hours, 'hour')} old; they`;
  const old = { id, mend: [`${refresh}, from a timer`] };
  switch (judgeKeys(config.oidc, issuerKeys, now)) {
    case 'untrusted':
      return ok(id, 'no OIDC issuer is trusted');
    case 'missing':
      return {
        id,
        status: 'fail',
        summary: `the keys of ${issuer} were never fetched`,
        meaning: refused,
        mend: [refresh],
      };
    case 'expired':
      return {
        ...old,
        status: 'fail',
        summary: `${age} were good for ${maxAgeHours}`,
        meaning: refused,
      };
    case 'aging':
      return {
        ...old,
        status: 'warn',
        summary: `${age} are good for ${maxAgeHours}`,
        meaning: 'Its tokens are refused when they get older, and newer keys of it are not known.',
      };
    case 'good':
      break;
  }
  if (users.some(({ name }) => claimValues(mappings, name).length > 0)) {
    return ok(id, `${issuer}, with keys that are ${counted(hours, 'hour')} old`);
  }
  return {
    id,
    status: 'warn',
    summary: `no user is mapped to ${issuer}`,
    meaning: 'Its tokens open nobody’s servers.',
    mend: ['mcpd config set oidc.users VALUE=USER', refresh],
  };
}
