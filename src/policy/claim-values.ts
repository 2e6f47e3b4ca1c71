/** An entry of `oidc.users`: a claim's value and the user that it is; `*` stands for all users by their names. */
const pattern = /^(?<value>.+)=(?<user>[^=]+)$/;
const everybody = '*';

/**
 * The values of the user claim that are one user: those mapped to them, and their own name where `*`
 * lets everybody in, unless that value is mapped to another.
 */
export function claimValues(mappings: readonly string[], userName: string): string[] {
  const named = mappings.flatMap((mapping) => parse(mapping) ?? []);
  const own = named.filter(({ user }) => user === userName).map(({ value }) => value);
  const isFree = named.every(({ value }) => value !== userName);
  return mappings.includes(everybody) && isFree ? [...own, userName] : own;
}

/** Why a list of mappings can't be used; undefined when it can. */
export function mappingProblem(mappings: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const mapping of mappings) {
    if (mapping === everybody) continue;
    const value = parse(mapping)?.value;
    if (value === undefined) return `"${mapping}" is not VALUE=USER or *`;
    if (seen.has(value)) return `"${value}" is mapped twice`;
    seen.add(value);
  }
  return undefined;
}

function parse(mapping: string): { value: string; user: string } | undefined {
  const { value, user } = pattern.exec(mapping)?.groups ?? {};
  return value === undefined || user === undefined ? undefined : { value, user };
}
