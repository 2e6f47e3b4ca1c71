import { isBridgeName } from '../firewall/bridge.ts';
import { isWanted } from '../reconcile/desired.ts';
import type { Observed } from '../reconcile/observed.ts';
import type { Facts } from './facts.ts';
import { fix } from './guarantees.ts';
import { ok, type Check } from './result.ts';

/** Things of this home that no row explains: what a killed command or a restored backup leaves. */
export function checkLeftovers(facts: Facts, observed: Observed): Check {
  const servers = new Set(facts.servers.map(({ id }) => id));
  const users = new Set(facts.users.map(({ id }) => id));
  const containers = observed.servers.filter(({ serverId }) => !servers.has(serverId));
  const networks = observed.networks.filter(({ userId }) => !users.has(userId));
  const bridges = staleBridges(facts);
  const found = [
    ...containers.map(({ containerName }) => `container ${containerName}`),
    ...networks.map(({ name }) => `network ${name}`),
    ...bridges.map((bridge) => `firewall entry ${bridge}`),
    ...facts.staleFolders.map((folder) => `folder ${folder}`),
  ];
  if (found.length === 0) return ok('leftovers', 'every object belongs to somebody');
  return {
    id: 'leftovers',
    // Another command may be about to make the network of an entry, or the row of a folder.
    status: containers.length + networks.length > 0 ? 'fail' : 'warn',
    summary: found.join(', '),
    meaning:
      'Nobody in the registry has these, unless another command is at work. They use resources, and a container goes on serving.',
    mend: [
      ...(containers.length + networks.length > 0 ? ['mcpd gc'] : []),
      ...(bridges.length + facts.staleFolders.length > 0 ? [fix] : []),
    ],
  };
}

/** Bridges in the firewall whose network is gone, of whichever home. */
export function staleBridges({ firewall, devices }: Pick<Facts, 'firewall' | 'devices'>): string[] {
  const present = new Set(devices);
  return [...firewall.tenants.keys()].filter(
    (bridge) => isBridgeName(bridge) && !present.has(bridge),
  );
}

/** Rows whose objects are not there, or that are past their time. */
export function checkMissing(facts: Facts, observed: Observed): Check {
  const containers = new Set(observed.servers.map(({ serverId }) => serverId));
  const networks = new Set(observed.networks.map(({ userId }) => userId));
  const wanted = facts.users.filter((user) => isWanted(user, facts.now));
  const serversOf = Map.groupBy(facts.servers, ({ userId }) => userId);
  const expired = facts.users.filter(({ expiresAt }) => (expiresAt ?? Infinity) <= facts.now);
  const broken = wanted.flatMap(({ id, name }) => {
    const missing = (serversOf.get(id) ?? [])
      .filter(({ desired }) => desired === 'running')
      .filter((server) => !containers.has(server.id))
      .map((server) => `container of ${name}/${server.name}`);
    if (missing.length === 0) return [];
    return [{ name, missing: networks.has(id) ? missing : [`network of ${name}`, ...missing] }];
  });
  if (broken.length === 0 && expired.length === 0)
    return ok('objects', 'every server has its container');
  return {
    id: 'objects',
    status: broken.length > 0 ? 'fail' : 'warn',
    summary: [
      ...broken.flatMap(({ missing }) => missing.map((one) => `no ${one}`)),
      ...expired.map(({ name }) => `${name} is past its time`),
    ].join(', '),
    meaning: 'What should run does not, or what should be gone is still there.',
    mend: [
      ...broken.map(({ name }) => `mcpd up ${name}`),
      ...(expired.length > 0 ? ['mcpd gc'] : []),
    ],
  };
}
