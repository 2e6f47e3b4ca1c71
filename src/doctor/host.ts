import { bridgeName } from '../firewall/bridge.ts';
import type { Route } from '../host/routes.ts';
import { formatBytes } from '../policy/bytes.ts';
import { parseCidr, rangesOverlap } from '../registry/cidr.ts';
import type { Facts } from './facts.ts';
import { ok, type Check } from './result.ts';

export function checkRuntime({ uid, runtime: { path, fileSystem } }: Facts): Check {
  if (fileSystem?.isMemory) return ok('runtime', `${path} is kept in memory`);
  return {
    id: 'runtime',
    status: 'fail',
    summary: `${path} is on a disk`,
    meaning: 'Secrets handed to servers are written to that disk and survive a reboot.',
    mend: [
      uid === 0
        ? `mkdir -p ${path} && mount -t tmpfs -o mode=0755 tmpfs ${path}, then mcpd up`
        : 'set XDG_RUNTIME_DIR to a folder of yours on tmpfs, then mcpd up',
    ],
  };
}

/** Does anything else on this host claim addresses of users, or of the range they are cut from? */
export function checkSubnets({ users, routes, config }: Facts): Check {
  const own = new Set(users.map(({ subnet }) => bridgeName(subnet)));
  const foreign = routes.filter(({ device }) => !own.has(device) && !device.startsWith('mcpd-'));
  const hit = users.flatMap(({ name, subnet }) =>
    foreign
      .filter(({ cidr }) => rangesOverlap(cidr, subnet))
      .map((route) => ({ name, subnet, route, isHidden: isWithin(route, subnet) })),
  );
  if (hit.length > 0) {
    const list = hit.map(
      ({ name, subnet, route }) => `${subnet} of ${name} and ${route.cidr} on ${route.device}`,
    );
    return {
      id: 'subnets',
      status: hit.some(({ isHidden }) => isHidden) ? 'fail' : 'warn',
      summary: `overlap: ${list.join('; ')}`,
      meaning: 'One of the two networks hides the other, in part or in full.',
      mend: [
        'take away the other route, or',
        'mcpd config set subnets.pool CIDR, then remove and add the user',
      ],
    };
  }
  const inPool = foreign.filter(({ cidr }) => rangesOverlap(cidr, config.subnets.pool));
  if (inPool.length === 0) return ok('subnets', `${config.subnets.pool} is free for users`);
  return {
    id: 'subnets',
    status: 'warn',
    summary: `${inPool.map(({ cidr, device }) => `${cidr} on ${device}`).join(', ')} lies in ${config.subnets.pool}`,
    meaning: 'New users get other addresses of the range, until none is left.',
    mend: ['mcpd config set subnets.pool CIDR'],
  };
}

// The longer prefix wins: such a route takes the user's packets.
function isWithin({ cidr }: Route, subnet: string): boolean {
  return (parseCidr(cidr)?.prefix ?? 0) >= (parseCidr(subnet)?.prefix ?? 32);
}

const scarceBytes = 2 * 2 ** 30;
const emptyBytes = 256 * 2 ** 20;

export function checkDisk({ disks }: Facts): Check {
  const list = disks.map(
    ({ path, fileSystem }) => `${formatBytes(fileSystem.freeBytes)} free for ${path}`,
  );
  const least = Math.min(...disks.map(({ fileSystem }) => fileSystem.freeBytes));
  if (least >= scarceBytes) return ok('disk', list.join(', '));
  return {
    id: 'disk',
    status: least < emptyBytes ? 'fail' : 'warn',
    summary: list.join(', '),
    meaning: 'Images can’t be built, and tenants can’t write to their workspaces, once it is full.',
    mend: [
      'mcpd image prune',
      'docker system df',
      'du -xsh the workspaces shown by mcpd user list',
    ],
  };
}
