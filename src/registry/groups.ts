import type { SQLOutputValue } from 'node:sqlite';
import { ConflictError, NotFoundError, UsageError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Policy } from '../policy/policy.ts';
import type { Registry } from './database.ts';
import type { Group } from './rows.ts';

/** All groups, by name. */
export function listGroups(registry: Registry): Group[] {
  return registry.db.prepare('SELECT * FROM groups ORDER BY name').all().map(toGroup);
}

/** The group of this name, if there is one. */
export function findGroup(registry: Registry, name: string): Group | undefined {
  const row = registry.db.prepare('SELECT * FROM groups WHERE name = ?').get(name);
  return row && toGroup(row);
}

/** The group of this name; throws NotFoundError with the names it may have been meant as. */
export function getGroup(registry: Registry, name: string): Group {
  const group = findGroup(registry, name);
  if (group) return group;
  const names = listGroups(registry).map((one) => one.name);
  const close = nearest(name, names);
  throw new NotFoundError(`There is no group "${name}".`, {
    code: 'GROUP_NOT_FOUND',
    suggestions: [
      ...(close.length > 0 ? [`Did you mean ${close.join(' or ')}?`] : []),
      names.length > 0 ? 'mcpd group list' : `mcpd group create ${name}`,
    ],
  });
}

/** The group of this id; throws NotFoundError, for one that was removed meanwhile. */
export function getGroupById(registry: Registry, id: string): Group {
  const row = registry.db.prepare('SELECT * FROM groups WHERE id = ?').get(id);
  if (row) return toGroup(row);
  throw new NotFoundError(`There is no group with the id ${id} any more.`, {
    code: 'GROUP_NOT_FOUND',
    suggestions: ['mcpd group list'],
  });
}

/** Throws ConflictError when the name is taken, UsageError when it is none. */
export function createGroup(
  registry: Registry,
  { name, policy }: Pick<Group, 'name' | 'policy'>,
): Group {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new UsageError(`"${name}" is not a group's name.`, {
      code: 'GROUP_NAME_INVALID',
      suggestions: ['Use lower-case letters, digits and dashes, at most 31, a letter first.'],
    });
  }
  return registry.transaction(() => {
    if (findGroup(registry, name)) {
      throw new ConflictError(`The group "${name}" exists already.`, {
        code: 'GROUP_EXISTS',
        suggestions: [`mcpd group show ${name}`, `mcpd group update ${name}`],
      });
    }
    const group = { id: registry.createId('g'), name, policy, createdAt: registry.clock.now() };
    registry.db
      .prepare('INSERT INTO groups (id, name, policy, created_at) VALUES (?, ?, ?, ?)')
      .run(group.id, name, JSON.stringify(policy), group.createdAt);
    return group;
  });
}

/** Gives a group another policy. */
export function setGroupPolicy(registry: Registry, id: string, policy: Policy): void {
  registry.db.prepare('UPDATE groups SET policy = ? WHERE id = ?').run(JSON.stringify(policy), id);
}

/** Names of a group's members. */
export function listMembers(registry: Registry, id: string): string[] {
  const rows = registry.db
    .prepare('SELECT name FROM users WHERE group_id = ? ORDER BY name')
    .all(id);
  return rows.map((row) => row['name'] as string);
}

/** Throws ConflictError naming the members when there are any. */
export function removeGroup(registry: Registry, { id, name }: Group): void {
  registry.transaction(() => {
    const members = listMembers(registry, id);
    if (members.length > 0) {
      throw new ConflictError(`The group "${name}" has members: ${members.join(', ')}.`, {
        code: 'GROUP_HAS_MEMBERS',
        suggestions: [`mcpd group drop ${name} ${members.join(' ')}`],
      });
    }
    registry.db.prepare('DELETE FROM groups WHERE id = ?').run(id);
  });
}

/** The group in a user's row that was joined with it. */
export function groupOf(row: Record<string, SQLOutputValue>): Group | null {
  if (row['group_id'] === null) return null;
  return toGroup({
    id: row['group_id'] ?? null,
    name: row['group_name'] ?? null,
    policy: row['group_policy'] ?? null,
    created_at: row['group_created_at'] ?? null,
  });
}

function toGroup(row: Record<string, SQLOutputValue>): Group {
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    policy: JSON.parse(row['policy'] as string) as Policy,
    createdAt: row['created_at'] as number,
  };
}
