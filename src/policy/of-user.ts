import type { HostConfig } from '../config/schema.ts';
import type { User } from '../registry/rows.ts';
import type { Template } from '../templates/schema.ts';
import type { BridgePolicy } from './bridge-policy.ts';
import { effectivePolicy, type EffectivePolicy, type Layers } from './effective.ts';
import { egressText, formatEgress, type Egress } from './egress.ts';
import { toBridgePolicy } from './for-bridge.ts';
import type { Limits } from './limits.ts';
import type { Policy } from './policy.ts';

/** The parts of a user that say what they may do. */
export type Subject = Pick<User, 'limits' | 'egress' | 'policy' | 'group'>;

/** What of a template says so. */
type Source = Pick<Template, 'name' | 'limits'>;

/** What holds for a user, or for their server of a template, and who said so. */
export function policyOf(config: HostConfig, user: Subject, template?: Source): EffectivePolicy {
  return effectivePolicy(policyLayers(config, user, template), template?.name);
}

/** Caps of a user's server; without a template, of one whose template says nothing. */
export function limitsOf(config: HostConfig, user: Subject, template?: Source): Limits {
  const { memory, cpus, pids, cpuset } = policyOf(config, user, template);
  return {
    memoryBytes: memory.value,
    cpus: cpus.value,
    pids: pids.value,
    cpuset: cpuset.value,
  };
}

/** What a user's servers may reach. */
export function egressOf(config: HostConfig, user: Subject): Egress {
  return egressText.parse(policyOf(config, user).egress.value);
}

/** What the bridge of a user's server is told. Servers are named after their templates. */
export function bridgePolicyOf(config: HostConfig, user: Subject, server: string): BridgePolicy {
  const effective = policyOf(config, user, { name: server, limits: {} });
  return toBridgePolicy(effective, user.group ? [user.group.name] : []);
}

/** All that a user has of their own, caps and egress too, as one policy. */
export function ownPolicy({ limits, egress, policy }: Subject): Policy {
  const { memoryBytes: memory, cpus, pids } = limits;
  const own: Policy = { ...policy };
  if (memory !== undefined) own.memory = memory;
  if (cpus !== undefined) own.cpus = cpus;
  if (pids !== undefined) own.pids = pids;
  if (egress !== null) own.egress = formatEgress(egress);
  return own;
}

/** The other way round: a policy as a user's own. Limits that it lacks are null, which resets them. */
export function splitPolicy({ memory, cpus, pids, egress, ...policy }: Policy) {
  return {
    limits: { memoryBytes: memory ?? null, cpus: cpus ?? null, pids: pids ?? null },
    egress: egress === undefined ? null : egressText.parse(egress),
    policy: policy as Policy,
  };
}

function policyLayers(config: HostConfig, user: Subject, template?: Source): Layers {
  const { memory, cpus, cpuset, pids, storage } = config.limits;
  return {
    user: ownPolicy(user),
    group: user.group?.policy ?? {},
    template: template?.limits ?? {},
    host: {
      memory,
      cpus,
      pids,
      storage,
      egress: config.egress,
      ...said({ cpuset, ...config.policy }),
    },
    maximum: said(config.maximum),
  };
}

/** Settings without those that are none. */
function said<Settings extends object>(settings: Settings) {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)) as {
    [Key in keyof Settings]?: NonNullable<Settings[Key]>;
  };
}
