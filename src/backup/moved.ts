import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { getUserById } from '../registry/users.ts';
import type { Homes } from './may-move.ts';
import { joinNotices } from './notices.ts';
import { remapped } from './remapped.ts';
import type { MoveResult, RestoreResult } from './result.ts';
import type { Snapshot } from './snapshot.ts';

/** Who was restored there, and with what. */
export interface Carried {
  readonly id: string;
  /** Groups that were made. */
  readonly groups: RestoreResult['groups'];
  readonly notices: readonly RestoreResult['notices'][];
}

interface Moved {
  readonly user: User;
  readonly snapshot: Snapshot;
  readonly carried: Carried;
}

/** What a move came to, as the home it went to has it. */
export function describeMove(
  { here, there }: Homes,
  { user, snapshot, carried }: Moved,
): MoveResult {
  const arrived = getUserById(there.registry, carried.id);
  const servers = listServers(there.registry, arrived.id);
  const { users: backups } = snapshot.manifest;
  return {
    changed: true,
    before: { name: user.name, home: here.home.root },
    home: there.home.root,
    user: arrived.name,
    id: arrived.id,
    uid: arrived.uid,
    ports: arrived.ports,
    subnet: arrived.subnet,
    workspace: arrived.workspace,
    servers: servers.map(({ name, port }) => ({ name, port })),
    secrets: backups.flatMap(({ secrets }) => secrets.map(({ name }) => name)),
    tokens: 'not kept',
    remapped: backups.flatMap((backup) => remapped(backup, arrived, servers)),
    groups: carried.groups,
    left: user.workspaceManaged ? null : user.workspace,
    notices: joinNotices(carried.notices),
  };
}
