import type { Registry } from '../registry/database.ts';
import type { ControlLine } from './result.ts';

/** Rows about one user, by what they are about. No row of these holds a secret or a token. */
export type Snapshot = ReadonlyMap<string, unknown>;

type Change = ControlLine['changes'][number];

const changesAtMost = 32;
/** They say nothing to people, or change with every command. */
const unsaid = new Set(['id', 'user_id', 'created_at']);

/** What the registry says of a user, of the names of their secrets and tokens too; empty when there is no such user. */
export function takeSnapshot({ db }: Registry, userName: string): Snapshot {
  const facts = new Map<string, unknown>();
  const user = db.prepare('SELECT * FROM users WHERE name = ?').get(userName);
  if (!user) return facts;
  const id = user['id'] ?? null;
  add(facts, `user ${userName}`, user);
  const servers = db
    .prepare('SELECT name, template, port, desired FROM servers WHERE user_id = ?')
    .all(id);
  for (const row of servers) add(facts, `server ${String(row['name'])}`, row);
  const secrets = db.prepare('SELECT name, updated_at FROM secrets WHERE user_id = ?').all(id);
  for (const row of secrets) add(facts, `secret ${String(row['name'])}`, row);
  const tokens = db
    .prepare('SELECT name, scopes, expires_at, revoked_at FROM tokens WHERE user_id = ?')
    .all(id);
  for (const row of tokens) add(facts, `token ${String(row['name'])}`, row);
  return facts;
}

/** What is different; of much the first. */
export function compareSnapshots(before: Snapshot, after: Snapshot): Change[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((what) => ({ what, before: before.get(what) ?? null, after: after.get(what) ?? null }))
    .filter((change) => change.before !== change.after)
    .slice(0, changesAtMost);
}

function add(facts: Map<string, unknown>, name: string, row: Record<string, unknown>): void {
  for (const [column, value] of Object.entries(row)) {
    if (unsaid.has(column) || column === 'name') continue;
    facts.set(`${name} ${column}`, value);
  }
}
