/** `1.1.5+ds1-1` → [1, 1, 5]; what follows the numbers is left out. */
export function parseVersion(text: string): readonly number[] {
  return (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
}

export function isAtLeast(text: string, wanted: string): boolean {
  const [have, want] = [parseVersion(text), parseVersion(wanted)];
  for (const [index, part] of want.entries()) {
    const own = have[index] ?? 0;
    if (own !== part) return own > part;
  }
  // 1.4.0-rc.1 came before 1.4.0.
  return !/^\D*[\d.]+-(?:rc|beta|alpha)/.test(text) || have.length > want.length;
}
