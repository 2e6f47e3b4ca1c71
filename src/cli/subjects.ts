import type { Subjects } from '../audit/snapshot.ts';
import type { Registry } from '../registry/database.ts';
import { listUsers } from '../registry/users.ts';

/** Whom a command is about that is given names, or none for everybody. */
export function usersOrAll(names: readonly string[]): (registry: Registry) => Subjects {
  return (registry) => ({
    users: names.length > 0 ? names : listUsers(registry).map(({ name }) => name),
    groups: [],
  });
}
