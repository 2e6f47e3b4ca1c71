import { scopes } from '../policy/scopes.ts';

const wellKnown = '/.well-known/oauth-protected-resource';

/** The paths that serve the metadata: with the endpoint's path behind, as RFC 9728 builds it, and without. */
export const metadataPaths: readonly string[] = [wellKnown, `${wellKnown}/mcp`];

/** Where a client finds the metadata of the endpoint at `url`. */
export function metadataUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}`;
}

/** The protected resource metadata of the endpoint at `url` (RFC 9728); `issuer` is where clients get tokens. */
export function metadata(url: string, issuer: string | undefined): Buffer {
  return Buffer.from(
    JSON.stringify({
      resource: url,
      ...(issuer === undefined ? {} : { authorization_servers: [issuer] }),
      bearer_methods_supported: ['header'],
      scopes_supported: scopes,
    }),
  );
}
