import { isIPv4 } from 'node:net';
import { isBridgeName } from './bridge.ts';
import { table } from './rules.ts';

/** What an `allow` profile lets through: a network, on one port or on all of them (TCP and UDP). */
export interface Target {
  readonly address: string;
  readonly prefix: number;
  readonly port?: number;
}

export interface TenantRules {
  readonly bridge: string;
  readonly profile: 'public' | 'none' | 'open' | 'allow';
  /** Of the profile `allow`; empty for the others. */
  readonly targets: readonly Target[];
}

const profiles = ['public', 'open', 'allow'] as const;

/**
 * Commands that give a bridge exactly this profile, whatever it had. `current` is what the table holds
 * for it in `targets`; stale entries are harmless without the profile `allow`, but must go with it.
 */
export function setTenant(tenant: TenantRules, current: readonly string[]): string[] {
  const key = `"${checked(tenant.bridge)}"`;
  const wanted = mergeTargets(tenant.targets).map((target) => formatTarget(target));
  const keep = new Set(wanted);
  return [
    put('tenants', `${key} : goto egress`),
    put('own', `${key} . ${key}`),
    ...(tenant.profile === 'none' ? drop('online', key) : [put('online', key)]),
    ...profiles.flatMap((profile) =>
      profile === tenant.profile ? [put(profile, key)] : drop(profile, key),
    ),
    ...current
      .filter((target) => !keep.has(target))
      .flatMap((target) => drop('targets', `${key} . ${target}`)),
    ...wanted.map((target) => put('targets', `${key} . ${target}`)),
  ];
}

/** Commands that forget a bridge; no matter what of it is there. */
export function unsetTenant(bridge: string, current: readonly string[]): string[] {
  const key = `"${checked(bridge)}"`;
  return [
    ...drop('online', key),
    ...profiles.flatMap((profile) => drop(profile, key)),
    ...drop('own', `${key} . ${key}`),
    ...current.flatMap((target) => drop('targets', `${key} . ${target}`)),
    put('tenants', `${key} : goto egress`),
    `delete element ${table} tenants { ${key} }`,
  ];
}

/** Commands that make these addresses the resolvers. */
export function setResolvers(addresses: readonly string[]): string[] {
  const list = addresses.filter((address) => isIPv4(address));
  return [
    `flush set ${table} resolvers`,
    ...(list.length > 0 ? [put('resolvers', list.join(', '))] : []),
  ];
}

/** `10.0.0.0/8 . 0-65535`: a target as nft reads it, and as `readTargets` gives it back. */
export function formatTarget({ address, prefix, port }: Target): string {
  return `${prefix === 32 ? address : `${address}/${prefix}`} . ${port ?? '0-65535'}`;
}

/**
 * Normal form: network addresses, without duplicates or what a broader target covers, since a set of
 * intervals takes no overlaps. A target with a port is a single address, so two either nest or are apart.
 */
export function mergeTargets(targets: readonly Target[]): Target[] {
  const kept: Target[] = [];
  const broadestFirst = targets
    .map((target) => ({ ...target, address: networkOf(target.address, target.prefix) }))
    .toSorted((a, b) => a.prefix - b.prefix || (a.port ?? -1) - (b.port ?? -1));
  for (const target of broadestFirst) {
    if (!kept.some((other) => covers(other, target))) kept.push(target);
  }
  return kept;
}

function covers(outer: Target, inner: Target): boolean {
  if (outer.prefix > inner.prefix) return false;
  if (outer.port !== undefined && outer.port !== inner.port) return false;
  return networkOf(inner.address, outer.prefix) === outer.address;
}

function networkOf(address: string, prefix: number): string {
  const value = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - prefix);
  const network = value - (value % size);
  return [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.');
}

function put(set: string, element: string): string {
  return `add element ${table} ${set} { ${element} }`;
}

// To delete what isn't there is an error, to add what is there isn't; both in one transaction never fail.
function drop(set: string, element: string): string[] {
  return [put(set, element), `delete element ${table} ${set} { ${element} }`];
}

function checked(bridge: string): string {
  if (!isBridgeName(bridge)) throw new TypeError(`${JSON.stringify(bridge)} is not a bridge name`);
  return bridge;
}
