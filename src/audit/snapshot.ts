import type { Registry } from '../registry/database.ts';
import { keptVersion } from '../registry/versions.ts';
import { versionLabel } from '../upgrade/label.ts';
import type { ControlLine } from './result.ts';

/** Whom a command is about: names that may or may not exist. */
export interface Subjects {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Rows about them, by what they are about. No row of these holds a secret or a token. */
export type Snapshot = ReadonlyMap<string, unknown>;

type Change = ControlLine['changes'][number];
type Row = Readonly<Record<string, unknown>>;

const changesAtMost = 32;
/** They say nothing to people, or change with every command. */
const unsaid = new Set(['id', 'name', 'user_id', 'group_id', 'created_at', 'made_under']);

/** What the registry says of some users and groups, of the names of secrets and ids of tokens too. */
export function takeSnapshot(registry: Registry, { users, groups }: Subjects): Snapshot {
  const { db } = registry;
  const facts = new Map<string, unknown>();
  const rowsOf = (table: string, columns: string, userId: unknown): Row[] =>
    db.prepare(`SELECT ${columns} FROM ${table} WHERE user_id = ?`).all(String(userId));
  for (const name of groups) {
    const group = db.prepare('SELECT policy FROM groups WHERE name = ?').get(name);
    if (group) add(facts, `group ${name}`, { exists: true, ...group });
  }
  for (const name of users) {
    const user = db
      .prepare(
        `SELECT users.*, groups.name AS "group" FROM users
         LEFT JOIN groups ON groups.id = users.group_id WHERE users.name = ?`,
      )
      .get(name);
    if (!user) continue;
    add(facts, `user ${name}`, user);
    for (const row of rowsOf('servers', 'id, name, template, port, desired', user['id'])) {
      const kept = keptVersion(registry, String(row['id']));
      const version = kept ? versionLabel(kept) : null;
      add(facts, `server ${name}/${String(row['name'])}`, { ...row, version });
    }
    for (const row of rowsOf('secrets', 'name, updated_at', user['id']))
      add(facts, `secret ${String(row['name'])}`, row);
    for (const row of rowsOf('tokens', tokenColumns, user['id']))
      add(facts, `token ${String(row['name'])} ${String(row['id'])}`, row);
    for (const row of rowsOf('approvals', 'template, risk, approved_by', user['id']))
      add(facts, `approval ${String(row['template'])}`, row);
  }
  return facts;
}

const tokenColumns = 'id, name, scopes, servers, expires_at, revoked_at, replaced_by';

/** What is different; of much the first. */
export function compareSnapshots(before: Snapshot, after: Snapshot): Change[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((what) => ({ what, before: before.get(what) ?? null, after: after.get(what) ?? null }))
    .filter((change) => change.before !== change.after)
    .slice(0, changesAtMost);
}

function add(facts: Map<string, unknown>, name: string, row: Row): void {
  for (const [column, value] of Object.entries(row)) {
    if (unsaid.has(column)) continue;
    if (column !== 'policy' && column !== 'limits') facts.set(`${name} ${column}`, value);
    else for (const [key, text] of fieldsOf(value)) facts.set(`${name} ${column}.${key}`, text);
  }
}

/** Each field of a policy by itself, so that a change names what it changes. */
function fieldsOf(json: unknown): [string, unknown][] {
  const fields = Object.entries(JSON.parse(String(json)) as Row);
  return fields.map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : value,
  ]);
}
