import type { Registry } from '../registry/database.ts';
import { readVersion } from '../registry/versions.ts';
import { versionLabel } from '../upgrade/label.ts';
import type { ControlLine } from './result.ts';

/** Whom a command is about: names that may or may not exist. */
export interface Subjects {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Rows about them, by what they are about. No row of these holds a secret or a token. */
export type Snapshot = ReadonlyMap<string, unknown>;

type Row = Readonly<Record<string, unknown>>;

/** They say nothing to people, or change with every command. */
const unsaid = new Set(['id', 'name', 'user', 'user_id', 'group_id', 'created_at', 'made_under']);

/** What the registry says of some users and groups, of the names of secrets and ids of tokens too. */
export function takeSnapshot({ db }: Registry, { users, groups }: Subjects): Snapshot {
  const facts = new Map<string, unknown>();
  const named = (names: readonly string[], query: string): Row[] =>
    db.prepare(query).all(JSON.stringify(names));
  const ofUsers = (table: string, columns: string) =>
    named(
      users,
      `SELECT ${columns}, users.name AS user FROM ${table} JOIN users ON users.id = user_id
       WHERE users.name IN (SELECT value FROM json_each(?)) ORDER BY users.name, 1`,
    );
  for (const group of named(groups, selectGroups))
    add(facts, `group ${String(group['name'])}`, { exists: true, ...group });
  for (const user of named(users, selectUsers)) add(facts, `user ${String(user['name'])}`, user);
  const labels = new Map<unknown, string | null>();
  for (const row of ofUsers('servers', serverColumns)) {
    const { version } = row;
    // Of many servers most are made from the same.
    if (!labels.has(version)) labels.set(version, labelOf(version));
    add(facts, `server ${keyOf(row)}`, { ...row, version: labels.get(version) });
  }
  for (const row of ofUsers('secrets', 'secrets.name, updated_at'))
    add(facts, `secret ${keyOf(row)}`, row);
  for (const row of ofUsers('tokens', tokenColumns))
    add(facts, `token ${keyOf(row)} ${String(row['id'])}`, row);
  for (const row of ofUsers('approvals', 'template, risk, approved_by'))
    add(facts, `approval ${String(row['user'])} ${String(row['template'])}`, row);
  return facts;
}

const selectGroups =
  'SELECT name, policy FROM groups WHERE name IN (SELECT value FROM json_each(?)) ORDER BY name';
const selectUsers = `
  SELECT users.*, groups.name AS "group" FROM users LEFT JOIN groups ON groups.id = users.group_id
  WHERE users.name IN (SELECT value FROM json_each(?)) ORDER BY users.name`;
const serverColumns = 'servers.name, template, port, desired, version';
const tokenColumns =
  'tokens.id, tokens.name, scopes, servers, tokens.expires_at, revoked_at, replaced_by';

function keyOf({ user, name }: Row): string {
  return `${String(user)}/${String(name)}`;
}

function labelOf(version: unknown): string | null {
  const kept = readVersion(version);
  return kept ? versionLabel(kept) : null;
}

/** What is different. */
export function compareSnapshots(before: Snapshot, after: Snapshot): ControlLine['changes'] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((what) => ({ what, before: before.get(what) ?? null, after: after.get(what) ?? null }))
    .filter((change) => change.before !== change.after);
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
