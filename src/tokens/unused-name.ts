import type { Registry } from '../registry/database.ts';
import { listTokens } from './store.ts';

/** The wish, or the wish with a number, such as `laptop-2`: what no token of the user is called. */
export function unusedTokenName(registry: Registry, userId: string, wish: string): string {
  const taken = new Set(listTokens(registry, userId).map(({ name }) => name));
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wish : `${wish}-${number}`;
    if (!taken.has(name)) return name;
  }
}
