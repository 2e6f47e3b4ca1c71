import type { Registry } from './database.ts';
import type { User } from './rows.ts';
import { getUser, listUsers } from './users.ts';

/** Users of these names, each once; none named: all. Throws NotFoundError. */
export function namedUsers(registry: Registry, names: readonly string[]): readonly User[] {
  return names.length === 0
    ? listUsers(registry)
    : [...new Set(names)].map((name) => getUser(registry, name));
}
