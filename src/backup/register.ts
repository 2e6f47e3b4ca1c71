import type { Context } from '../context.ts';
import { findAccount } from '../host/accounts.ts';
import { freePorts } from '../host/sockets.ts';
import { toOverrides } from '../policy/limits.ts';
import { splitPolicy } from '../policy/of-user.ts';
import { addApproval } from '../registry/approvals.ts';
import { createGroup, findGroup } from '../registry/groups.ts';
import type { Approval, Server, User } from '../registry/rows.ts';
import { addServer, listServers } from '../registry/servers.ts';
import type { Former } from '../registry/user-request.ts';
import { addUser, getUserById, listUsers, updateUser } from '../registry/users.ts';
import { insertToken } from '../tokens/store.ts';
import type { InUse } from '../user/register.ts';
import type { Chosen } from './choose.ts';
import type { Manifest, UserBackup } from './manifest.ts';
import type { Succession } from './take-over.ts';

interface Permitted extends Chosen {
  /** With those given just now. */
  readonly approvals: readonly Approval[];
}

/** A user about to be restored, with the ids they get. */
export interface Newcomer extends Permitted {
  readonly id: string;
  /** By the ids in the backup. */
  readonly serverIds: ReadonlyMap<string, string>;
  /** They are who they were, so their tokens work. */
  readonly sameTokens: boolean;
  /** Of the account they had, if it is there, or of the caller, who isn't root. */
  readonly uid: {
    readonly uid: number;
    readonly gid: number;
    readonly osUser: string | null;
  } | null;
  /** False: the home of the backup is on this host too, and keeps it, or files of it. */
  readonly uidIsFree: boolean;
  /** Reserved for them. Undefined: not yet. */
  readonly reservedUid?: number;
}

export interface Restored {
  readonly newcomer: Newcomer;
  readonly user: User;
  readonly servers: readonly Server[];
}

interface Rows {
  readonly newcomers: readonly Newcomer[];
  readonly groups: Manifest['groups'];
  readonly inUse: InUse;
}

interface Acquaintance {
  readonly succession: Pick<Succession, 'isSameHome' | 'livesBeside'>;
  readonly isMove: boolean;
  readonly isIdFree: (id: string) => boolean;
}

/** Decides who a restored user is here: whose uid they have, and whether they are the same as before. */
export async function identify(
  context: Context,
  chosen: Permitted,
  { succession, isMove, isIdFree }: Acquaintance,
): Promise<Newcomer> {
  const { isSameHome, livesBeside } = succession;
  const { backup, name } = chosen;
  const isThemselves = isMove || (isSameHome && name === backup.name);
  const isSame = isThemselves && isIdFree(backup.id);
  const { registry } = context;
  const serverIds = backup.servers.map(
    ({ id }) => [id, isSame ? id : registry.createId('s')] as const,
  );
  return {
    ...chosen,
    id: isSame ? backup.id : registry.createId('u'),
    serverIds: new Map(serverIds),
    sameTokens: isSame && isSameHome,
    uid: await uidOf(context, backup),
    uidIsFree: !livesBeside || (isMove && backup.workspaceManaged),
  };
}

/** Writes all rows of restored users but secrets; to be run in one transaction. Throws what addUser throws. */
export function writeRows(context: Context, { newcomers, groups, inUse }: Rows): Restored[] {
  const { registry, config } = context;
  const isPortFree = freePorts(config.bindAddress, inUse.listeners);
  for (const group of groups) createGroup(registry, group);
  const world = { config, isPortFree, takenSubnets: inUse.subnets, takenUids: inUse.uids };
  return newcomers.map((newcomer) => {
    const { backup, name, uid, reservedUid } = newcomer;
    const { egress, policy } = splitPolicy(backup.own);
    const group = backup.group === null ? undefined : findGroup(registry, backup.group);
    const added = addUser(
      registry,
      {
        name,
        uid: uid?.uid ?? reservedUid,
        gid: uid?.gid,
        osUser: uid?.osUser ?? undefined,
        sharedUid: context.uid !== 0,
        limits: toOverrides(backup.own),
        egress,
        policy,
        groupId: group?.id,
        expiresAt: backup.expiresAt,
        former: formerOf(newcomer, isPortFree),
      },
      world,
    );
    addRest(context, newcomer, { user: added, isPortFree });
    const user = getUserById(registry, added.id);
    return { newcomer, user, servers: listServers(registry, user.id) };
  });
}

/** Somebody who holds a port of the block may well have all of it: another home, such as the one of the backup. */
function formerOf(
  { id, backup, uidIsFree }: Newcomer,
  isPortFree: (port: number) => boolean,
): Former {
  const { uid, ports, subnet, servers } = backup;
  const isHeld = servers.some(({ port }) => !isPortFree(port));
  return { id, uid: uidIsFree ? uid : undefined, ports: isHeld ? undefined : ports, subnet };
}

function addRest(
  { registry }: Context,
  { backup, approvals, serverIds, sameTokens }: Newcomer,
  { user, isPortFree }: { user: User; isPortFree: (port: number) => boolean },
): void {
  if (backup.down) updateUser(registry, user.id, { down: true });
  const placed = backup.servers.map((server) => ({
    server,
    port: user.ports.start + server.port - backup.ports.start,
  }));
  // Whose port is free comes first, so that nobody else's next free one is theirs.
  placed.sort((a, b) => Number(isPortFree(b.port)) - Number(isPortFree(a.port)));
  for (const { server, port } of placed) {
    const { id: former, name, template, desired } = server;
    const id = serverIds.get(former) ?? registry.createId('s');
    addServer(registry, { id, user, name, template, desired, port, isPortFree });
  }
  for (const approval of approvals) addApproval(registry, user.id, approval);
  if (!sameTokens) return;
  for (const token of backup.tokens) insertToken(registry, { ...token, userId: user.id });
}

async function uidOf(
  { registry, uid, gid }: Context,
  { osUser }: UserBackup,
): Promise<Newcomer['uid']> {
  if (uid !== 0) return { uid, gid, osUser: null };
  const account = osUser === null ? undefined : await findAccount(osUser);
  const isTaken = listUsers(registry).some((user) => user.uid === account?.uid);
  if (!account || account.uid === 0 || isTaken) return null;
  return { uid: account.uid, gid: account.gid, osUser };
}
