import type { OidcRefreshResult } from '../oidc/refresh.ts';

export function renderOidcRefresh(result: OidcRefreshResult): string {
  const { changed, issuer, keys, validUntil, users, servers } = result;
  if (issuer === null) return 'No issuer is trusted. Name one: mcpd config set oidc.issuer URL';
  const news = changed ? 'It has other keys than before.' : 'Its keys are the same as before.';
  return [
    `${issuer} signs with ${keys} ${keys === 1 ? 'key' : 'keys'}. ${news}`,
    `Good until ${validUntil?.slice(0, 16).replace('T', ' ')} UTC for ${users.join(', ') || 'nobody: see oidc.users'}.`,
    `Servers told: ${servers}.`,
  ].join('\n');
}
