import type { Subjects } from '../audit/snapshot.ts';
import { UsageError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import { listUsers } from '../registry/users.ts';

interface Everybody {
  readonly all: boolean;
  /** Of the command that was meant, with names and with `--all`. */
  readonly examples: string[];
}

/** Of names and `--all` a command that can't be undone lightly needs one. Throws UsageError. */
export function requireNamesOrAll(names: readonly string[], { all, examples }: Everybody): void {
  if ((names.length === 0) === all) return;
  throw new UsageError('Name the users, or say --all.', { code: 'USAGE', suggestions: examples });
}

/** Whom a command is about that is given names, or none for everybody. */
export function usersOrAll(names: readonly string[]): (registry: Registry) => Subjects {
  return (registry) => ({
    users: names.length > 0 ? names : listUsers(registry).map(({ name }) => name),
    groups: [],
  });
}
