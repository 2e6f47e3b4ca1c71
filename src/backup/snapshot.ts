import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { readWritten } from '../config/store.ts';
import { ownPolicy } from '../policy/of-user.ts';
import { listApprovals } from '../registry/approvals.ts';
import { listGroups } from '../registry/groups.ts';
import { hasOwner } from '../registry/lifetime.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { namedUsers } from '../registry/named.ts';
import { schemaVersion } from '../registry/migrations.ts';
import { listSecrets, readSecrets } from '../secrets/vault.ts';
import { loadTokenKeys, loadTokenKeyText } from '../tokens/keys.ts';
import { listTokens } from '../tokens/store.ts';
import { formatVersion, type Manifest, type UserBackup } from './manifest.ts';

export interface Selection {
  /** Names; none: the whole home. */
  readonly names: readonly string[];
  readonly workspaces: boolean;
}

export interface Snapshot {
  readonly manifest: Manifest;
  readonly users: readonly User[];
}

/**
 * What the registry says of the chosen users, all of one moment, with their secrets in clear. Throws
 * NotFoundError, and what reading secrets throws.
 */
export async function takeSnapshot(
  context: Context,
  { names, workspaces }: Selection,
): Promise<Snapshot> {
  const { registry, home, clock, assets } = context;
  const isWhole = names.length === 0;
  const rows = registry.transaction(() => {
    // Who was made for a process is gone with it, before anybody could restore them.
    const users = namedUsers(registry, names).filter(
      ({ id }) => !isWhole || !hasOwner(registry, id),
    );
    const groups = listGroups(registry).filter(
      ({ id }) => isWhole || users.some(({ group }) => group?.id === id),
    );
    return { groups, users: users.map((user) => ({ user, backup: backupUser(context, user) })) };
  });
  const manifest: Manifest = {
    format: formatVersion,
    version: versionOf(assets),
    registry: schemaVersion,
    instance: registry.instance,
    home: home.root,
    tokenKey: (await loadTokenKeys(home)).publicJwk.x,
    takenAt: new Date(clock.now()).toISOString(),
    workspaces,
    users: await Promise.all(rows.users.map(({ backup }) => backup)),
    groups: rows.groups.map(({ name, policy }) => ({ name, policy })),
    identity: isWhole
      ? { settings: readWritten(home), tokenKeyFile: await loadTokenKeyText(home) }
      : null,
  };
  return { manifest, users: rows.users.map(({ user }) => user) };
}

/** All rows are read before it first waits, so in the caller's transaction; then secrets are decrypted. */
async function backupUser(context: Context, user: User): Promise<UserBackup> {
  const { registry } = context;
  const names = listSecrets(registry, user.id).map(({ name }) => name);
  const secrets = readSecrets(context, { user, names });
  const { id, name, uid, osUser, ports, subnet, workspace, workspaceManaged, down } = user;
  const rows = {
    servers: listServers(registry, id).map((server) => ({
      id: server.id,
      name: server.name,
      template: server.template,
      port: server.port,
      desired: server.desired,
    })),
    approvals: listApprovals(registry, id),
    tokens: listTokens(registry, id).map(({ userId: _user, ...token }) => ({
      ...token,
      scopes: [...token.scopes],
      servers: token.servers && [...token.servers],
    })),
  };
  return {
    id,
    name,
    uid,
    osUser,
    ports,
    subnet,
    workspace,
    workspaceManaged,
    down,
    own: ownPolicy(user),
    group: user.group?.name ?? null,
    expiresAt: user.expiresAt,
    ...rows,
    secrets: [...(await secrets)].map(([secret, value]) => ({ name: secret, value })),
  };
}

function versionOf(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
