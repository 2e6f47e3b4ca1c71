import { scopes } from '../policy/scopes.ts';

const wellKnown = '/.well-known/oauth-protected-resource';

/** The paths that serve the metadata: with the endpoint's path behind, as RFC 9728 builds it, and without. */
export const metadataPaths: readonly string[] = [wellKnown, `${wellKnown}/mcp`];

/** Where a client finds the metadata of the endpoint at `url`. */
export function metadataUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}`;
}

/** The protected resource metadata of the endpoint at `url` (RFC 9728). */
export function metadata(url: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      resource: url,
      bearer_methods_supported: ['header'],
      scopes_supported: scopes,
    }),
  );
}
