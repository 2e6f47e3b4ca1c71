import type { Registry } from './database.ts';
import { checkUserName, userExists } from './user-request.ts';
import { findUser, getUserById } from './users.ts';

/**
 * Gives a user another name; all else stays. Throws UsageError for a bad name, ConflictError for one that is
 * taken.
 */
export function renameUser(registry: Registry, id: string, name: string): void {
  checkUserName(name);
  registry.transaction(() => {
    getUserById(registry, id);
    const holder = findUser(registry, name);
    if (holder && holder.id !== id) throw userExists(name);
    registry.db.prepare('UPDATE users SET name = ? WHERE id = ?').run(name, id);
  });
}
