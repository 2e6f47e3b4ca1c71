/** What a token may be allowed to do. A token has all of these unless told otherwise. */
export const scopes = ['tools:read', 'tools:call', 'resources:read', 'prompts:read'] as const;

/**
 * Implies every other scope. The bridge itself asks for it nowhere: servers that know their users see
 * it in the user context, and may let it open what is not for everybody.
 */
const admin = 'admin';

/** What may be asked for when a token is made. */
export const grantableScopes = [...scopes, admin] as const;

export type Scope = (typeof grantableScopes)[number];

/**
 * The scope a message of a client needs; undefined when any valid token will do (lifecycle, logging,
 * unknown methods). `referenceType` is `params.ref.type` of `completion/complete`. It holds for
 * requests and notifications alike, since a server may act on a call that carries no id.
 */
export function requiredScope(method: string, referenceType?: unknown): Scope | undefined {
  if (method === 'tools/list') return 'tools:read';
  if (method.startsWith('tools/')) return 'tools:call';
  if (method.startsWith('resources/')) return 'resources:read';
  if (method.startsWith('prompts/')) return 'prompts:read';
  if (method === 'completion/complete') {
    return referenceType === 'ref/resource' ? 'resources:read' : 'prompts:read';
  }
  return undefined;
}

/**
 * Reads a token's `scope` claim: names separated by spaces, or a list of them, as issuers differ. With
 * `admin` come all. Unknown names, and anything else, grant nothing.
 */
export function parseScopes(claim: unknown): ReadonlySet<Scope> {
  const names: unknown = typeof claim === 'string' ? claim.split(' ') : claim;
  const known = new Set(
    Array.isArray(names) ? grantableScopes.filter((scope) => names.includes(scope)) : [],
  );
  return known.has(admin) ? new Set(grantableScopes) : known;
}
