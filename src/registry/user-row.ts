import type { SQLOutputValue } from 'node:sqlite';
import type { Egress } from '../policy/egress.ts';
import type { LimitOverrides } from '../policy/limits.ts';
import type { Policy } from '../policy/policy.ts';
import type { Registry } from './database.ts';
import { groupOf } from './groups.ts';
import type { User } from './rows.ts';

/** Writes a user's row and a row for each port of their block. */
export function insertUser(registry: Registry, user: User, sharedUid: boolean): void {
  const { db } = registry;
  db.prepare(
    `INSERT INTO users (id, name, uid, gid, shared_uid, os_user, port_start, port_end, subnet,
       workspace, workspace_managed, limits, egress, policy, group_id, created_at, made_under,
       expires_at, run_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    user.id,
    user.name,
    user.uid,
    user.gid,
    Number(sharedUid),
    user.osUser,
    user.ports.start,
    user.ports.end,
    user.subnet,
    user.workspace,
    Number(user.workspaceManaged),
    JSON.stringify(user.limits),
    JSON.stringify(user.egress),
    JSON.stringify(user.policy),
    user.group?.id ?? null,
    user.createdAt,
    user.madeUnder,
    user.expiresAt,
    user.runId,
  );
  const addPort = db.prepare('INSERT INTO ports (port, user_id) VALUES (?, ?)');
  for (let port = user.ports.start; port <= user.ports.end; port += 1) addPort.run(port, user.id);
  db.prepare(`DELETE FROM quarantine WHERE kind = 'uid' AND value = ?`).run(String(user.uid));
}

/** A row of `users`, joined with that of the group. */
export function toUser(row: Record<string, SQLOutputValue>): User {
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    uid: row['uid'] as number,
    gid: row['gid'] as number,
    osUser: row['os_user'] as string | null,
    ports: { start: row['port_start'] as number, end: row['port_end'] as number },
    subnet: row['subnet'] as string,
    workspace: row['workspace'] as string,
    workspaceManaged: row['workspace_managed'] === 1,
    limits: JSON.parse(row['limits'] as string) as LimitOverrides,
    egress: JSON.parse(row['egress'] as string) as Egress | null,
    policy: JSON.parse(row['policy'] as string) as Policy,
    group: groupOf(row),
    down: row['down'] === 1,
    createdAt: row['created_at'] as number,
    madeUnder: row['made_under'] as number | null,
    expiresAt: row['expires_at'] as number | null,
    runId: row['run_id'] as string | null,
  };
}
