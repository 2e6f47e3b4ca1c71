/** Where worlds differ, one path a line: what it is in each. */
export function differences(...worlds: readonly unknown[]): string {
  const leaves = worlds.map((world) => new Map(leavesOf('', world)));
  const paths = new Set(leaves.flatMap((one) => [...one.keys()]));
  return [...paths]
    .map((path) => ({ path, values: leaves.map((one) => one.get(path) ?? 'nothing') }))
    .filter(({ values }) => new Set(values).size > 1)
    .map(({ path, values }) => `      ${path}: ${values.join(' | ')}`)
    .join('\n');
}

function leavesOf(path: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[path, JSON.stringify(value) ?? '']];
  return Object.entries(value).flatMap(([key, one]) => leavesOf(`${path}.${key}`, one));
}
