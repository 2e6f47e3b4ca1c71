import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, basename } from 'node:path';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { of, type Row, type Sight } from './world.ts';

/**
 * What contradicts: rows without their objects, objects without their row, and what commands that were
 * killed left lying about. `pool` is the /24 that these homes, alone on this host, take subnets from.
 * There is nothing of it whenever no command runs and `mcpd up` has been run since the last one that was
 * killed.
 */
export function contradictions(sights: readonly Sight[], pool: string): string[] {
  return [...sights.flatMap(contradictionsOf), ...firewallEntries(sights, pool)];
}

function contradictionsOf(sight: Sight): string[] {
  return [
    ...objects(sight),
    ...runtimeFiles(sight),
    ...homeFiles(sight),
    ...mounts(sight),
    ...leases(sight),
    ...duplicates(sight),
  ];
}

/** Of a user who is there, the next command takes the lease over. */
function leases(sight: Sight): string[] {
  const names = new Set(of(sight, 'users').map(({ name }) => name));
  return of(sight, 'leases')
    .filter(({ user_name: name }) => !names.has(name ?? ''))
    .map(({ user_name: name }) => `a lease of ${name}`);
}

function wantedUsers(sight: Sight) {
  const now = Date.now();
  return of(sight, 'users').filter(
    (user) => user['down'] === 0 && Number(user['expires_at'] ?? Infinity) > now,
  );
}

function wantedServers(sight: Sight) {
  const users = new Set(wantedUsers(sight).map(({ id }) => id));
  return of(sight, 'servers').filter(({ user_id: id }) => users.has(id ?? ''));
}

function objects(sight: Sight): string[] {
  const { networks, servers } = sight.observed;
  const wanted = new Set(wantedServers(sight).map(({ id }) => id));
  const users = new Set(wantedUsers(sight).map(({ id }) => id));
  return [
    ...servers
      .filter(({ serverId }) => !wanted.has(serverId))
      .map((one) => `container ${one.containerName} of nobody`),
    ...networks
      .filter(({ userId }) => !users.has(userId))
      .map(({ name }) => `network ${name} of nobody`),
    ...wantedUsers(sight).flatMap(({ id, name }) => {
      const count = networks.filter(({ userId }) => userId === id).length;
      return count === 1 ? [] : [`${count} networks of ${name}`];
    }),
    ...wantedServers(sight).flatMap(({ id, name, desired }) => {
      const own = servers.filter(({ serverId }) => serverId === id);
      if (own.length !== 1) return [`${own.length} containers of ${name}`];
      const isRunning = own[0]?.state === 'running';
      return isRunning === (desired === 'running') ? [] : [`${name} is ${own[0]?.state}`];
    }),
  ];
}

function firewallEntries(sights: readonly Sight[], pool: string): string[] {
  const prefix = bridgeName(pool).slice(0, -2);
  // Of the whole host, and so the same for all.
  const firewall = new Map(sights.flatMap((sight) => [...sight.firewall]));
  const devices = new Set(sights.flatMap((sight) => sight.devices));
  const wanted = new Set(
    sights.flatMap(wantedUsers).map(({ subnet }) => bridgeName(String(subnet))),
  );
  const ours = [...firewall.keys()].filter((bridge) => bridge.startsWith(prefix));
  return [
    ...ours.filter((bridge) => !wanted.has(bridge)).map((bridge) => `firewall entry ${bridge}`),
    ...[...wanted].filter((one) => !firewall.has(one)).map((one) => `no firewall for ${one}`),
    ...[...devices]
      .filter((device) => device.startsWith(prefix) && !wanted.has(device))
      .map((device) => `device ${device}`),
  ];
}

function runtimeFiles(sight: Sight): string[] {
  const servers = wantedServers(sight);
  const known = new Set(servers.flatMap(({ id, user_id: userId }) => [id, userId]).map(String));
  return [
    ...namesIn(sight.runtime)
      .filter((name) => !known.has(name))
      .map((name) => `run-time file ${name}`),
    ...namesBelow(sight.runtime)
      .filter((name) => basename(name).startsWith('.'))
      .map((name) => `draft ${name}`),
  ];
}

const homeNames = /^(registry\.db(-wal|-shm)?|config\.json|issuer-keys\.json|keys|users|audit)$/;
const keyNames = /^(token\.jwk|secrets\.age)$/;
const userNames = /^(workspace(\.img)?|logs)$/;

function homeFiles(sight: Sight): string[] {
  const users = join(sight.home, 'users');
  const kept = of(sight, 'quarantine').map(({ path }) => basename(dirname(String(path))));
  const known = new Set([...of(sight, 'users').map(({ id }) => id), ...kept]);
  return [
    ...namesIn(sight.home).filter((name) => !homeNames.test(name)),
    ...namesIn(join(sight.home, 'keys')).filter((name) => !keyNames.test(name)),
    ...namesIn(join(sight.home, 'audit')).filter(
      (name) => !/^(control.*\.jsonl|removed|restored(\.\d+)?)$/.test(name),
    ),
    ...namesIn(users).filter((id) => !known.has(id)),
    ...namesIn(users).flatMap((id) =>
      namesIn(join(users, id))
        .filter((name) => !userNames.test(name))
        .map((name) => `${id}/${name}`),
    ),
  ].map((name) => `file ${name}`);
}

function mounts(sight: Sight): string[] {
  const wanted = new Set(wantedUsers(sight).map(({ workspace }) => workspace));
  return [
    ...sight.mounted.filter((folder) => !wanted.has(folder)).map((folder) => `mount ${folder}`),
    ...sight.unmountedDevices.map((device) => `device ${device}`),
  ];
}

function duplicates(sight: Sight): string[] {
  const users = of(sight, 'users');
  // A uid stays withheld for files in another home, also while a move there is not finished.
  const isElsewhere = ({ path }: Row) => path !== null && !String(path).startsWith(sight.home);
  const entries = (sight.rows['quarantine'] ?? []).filter((entry) => !isElsewhere(entry));
  const withheld = new Set(entries.map(({ value }) => value));
  return users.flatMap((user) => {
    const ports = `${user['port_start']}-${user['port_end']}`;
    const own = [ports, String(user['subnet']), String(user['uid'])];
    return own.filter((one) => withheld.has(one)).map((one) => `${one} is withheld and in use`);
  });
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function namesBelow(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
}
