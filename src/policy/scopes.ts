/** What a token may be allowed to do. */
export const scopes = ['tools:read', 'tools:call', 'resources:read', 'prompts:read'] as const;

export type Scope = (typeof scopes)[number];

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

/** Reads a token's `scope` claim: names separated by spaces. Anything else grants nothing. */
export function parseScopes(claim: unknown): ReadonlySet<string> {
  return new Set(typeof claim === 'string' ? claim.split(' ').filter(Boolean) : []);
}
