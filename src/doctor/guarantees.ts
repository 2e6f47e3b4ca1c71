import { counted } from '../counted.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { enforcement } from '../firewall/protect.ts';
import { egressOf } from '../policy/of-user.ts';
import { isWanted } from '../reconcile/desired.ts';
import type { Facts } from './facts.ts';
import { ok, type Check } from './result.ts';

const exposed =
  'Tenants may reach services of this host, the metadata service of a cloud and the networks around.';

/** Are the rules loaded, and does every network of ours have the profile its user should have? */
export function checkFirewall(facts: Facts): Check {
  const { firewall, config, uid } = facts;
  const id = 'firewall';
  const { enforced, reason = '' } = enforcement(facts);
  if (!enforced) {
    const mend =
      config.firewall === 'off'
        ? ['mcpd config set firewall auto, then mcpd up']
        : ['run mcpd as root'];
    return { id, status: 'warn', summary: `not enforced: ${reason}`, meaning: exposed, mend };
  }
  const networks = facts.users.filter(
    (user) => isWanted(user, facts.now) && facts.devices.includes(bridgeName(user.subnet)),
  );
  switch (firewall.status) {
    case 'unavailable':
      return {
        id,
        status: 'fail',
        summary: firewall.reason,
        meaning: 'No server can be started: mcpd sets the rules first.',
        mend: [uid === 0 ? 'apt-get install nftables' : 'run mcpd as root'],
      };
    case 'stale':
      return { id, status: 'fail', summary: firewall.reason, meaning: exposed, mend: [fix] };
    case 'missing':
      if (networks.length === 0) return ok(id, 'no tenant needs rules now');
      return { id, status: 'fail', summary: firewall.reason, meaning: exposed, mend: ['mcpd up'] };
    case 'enforced': {
      const wrong = networks.filter(
        (user) =>
          (firewall.tenants.get(bridgeName(user.subnet)) ?? 'none') !==
          egressOf(config, user).profile,
      );
      if (wrong.length === 0) {
        return ok(id, `enforced for ${counted(firewall.tenants.size, 'network')}`);
      }
      return {
        id,
        status: 'fail',
        summary: `another profile than wanted is in force for ${wrong.map(({ name }) => name).join(', ')}`,
        meaning: 'They reach more or less than their profile says.',
        mend: wrong.map(({ name }) => `mcpd up ${name}`),
      };
    }
  }
}

export const fix = 'mcpd doctor --fix';

export function checkGuarantees({ uid }: Facts): Check {
  if (uid === 0) return ok('guarantees', 'every user has a uid of their own');
  return {
    id: 'guarantees',
    status: 'warn',
    summary: 'mcpd is not run as root',
    meaning:
      'All tenants and their bridges share your uid, and egress profiles are not enforced. Caps and separate containers hold.',
    mend: ['run mcpd as root, with a home of root'],
  };
}
