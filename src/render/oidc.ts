import { counted } from '../counted.ts';
import type { OidcRefreshResult } from '../oidc/refresh.ts';
import type { OidcShowResult } from '../oidc/show.ts';
import { formatSeconds } from './figures.ts';
import { renderFields } from './table.ts';
import { minuteUtc } from './time.ts';

const noIssuer = 'No issuer is trusted. Name one: mcpd config set oidc.issuer URL';
const nobody = 'nobody: see oidc.users';

export function renderOidcRefresh(result: OidcRefreshResult): string {
  const { changed, issuer, keys, validUntil, users, servers } = result;
  if (issuer === null || validUntil === null) return noIssuer;
  const news = changed ? 'It has other keys than before.' : 'Its keys are the same as before.';
  return [
    `${issuer} signs with ${counted(keys, 'key')}. ${news}`,
    `Good until ${minuteUtc(validUntil)} for ${users.join(', ') || nobody}.`,
    `Servers told: ${servers}.`,
  ].join('\n');
}

export function renderOidcShow(result: OidcShowResult): string {
  const { issuer, audience, userClaim, scopes, scopeClaim, users, keys, fetchedAt } = result;
  if (issuer === null) return noIssuer;
  const mapped = users.map(({ user, values }) => `${values.join(', ')} is ${user}`);
  const signing = keys.map(
    ({ id, algorithm, type }) => `${id ?? 'unnamed'} (${algorithm ?? type})`,
  );
  return renderFields([
    ['Issuer', issuer],
    ['Audience', audience],
    ['Users', mapped.join('\n') || nobody],
    ['By', `the claim ${userClaim}`],
    [
      'Scopes',
      scopeClaim === null ? scopes.join(', ') : `${scopes.join(', ')}, of those in ${scopeClaim}`,
    ],
    ['Keys', signing.join('\n') || 'none'],
    ['Fetched', fetchedAt === null ? 'never: mcpd oidc refresh' : describeAge(result)],
    ['Good until', result.validUntil === null ? undefined : minuteUtc(result.validUntil)],
  ]);
}

function describeAge({ ageSeconds, fetchedAt, triedAt, state }: OidcShowResult): string {
  const failed =
    triedAt !== null && triedAt !== fetchedAt ? `, not since: tried ${minuteUtc(triedAt)}` : '';
  const old = state === 'expired' ? ', too old' : state === 'aging' ? ', getting old' : '';
  return `${formatSeconds(ageSeconds ?? 0)} ago${old}${failed}`;
}
