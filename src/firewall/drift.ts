import { formatTarget, mergeTargets, type TenantRules } from './elements.ts';
import { readListing, readTargets, type Listing } from './listing.ts';
import type { Nft } from './nft.ts';
import { table } from './rules.ts';
import { profileOf, whyStale } from './state.ts';

/** The whole table, as it is now. */
export interface Table extends Listing {
  /** Bridge → its elements of the set `targets`, each as `formatTarget` writes it. */
  readonly targets: ReadonlyMap<string, readonly string[]>;
}

/** What should be in force for one tenant. */
export interface WantedRules {
  readonly tenant: TenantRules;
  /** IPv4 addresses. */
  readonly resolvers: readonly string[];
}

/** One listing; undefined when there is no table, or none that can be seen. */
export async function readTable(nft: Nft): Promise<Table | undefined> {
  const answer = await nft(['-j', 'list', 'table', ...table.split(' ')]);
  if (answer.code !== 0) return undefined;
  return { ...readListing(answer), targets: readTargets(answer) };
}

/** Why a tenant is not protected as they should be, a clause for people; undefined when they are. Pure. */
export function whyUnprotected(
  now: Table | undefined,
  { tenant, resolvers }: WantedRules,
): string | undefined {
  if (now === undefined) return `there is no table ${table}`;
  const { bridge, profile } = tenant;
  const stale = whyStale(now);
  if (stale !== undefined) return stale;
  const isKnown = now.tenants.includes(bridge) && now.own.has(bridge);
  if (!isKnown) return 'its bridge is not in the table';
  const current = profileOf(now, bridge);
  if (current !== profile) return `${current} → ${profile}`;
  if (now.members.get('online')?.has(bridge) !== (profile !== 'none')) {
    return 'somebody changed its access to resolvers';
  }
  if (!areSame(now.members.get('resolvers') ?? new Set(), resolvers)) {
    return 'the host has other resolvers';
  }
  const targets = mergeTargets(tenant.targets).map((target) => formatTarget(target));
  const isAllow = profile === 'allow';
  return isAllow && !areSame(new Set(now.targets.get(bridge)), targets)
    ? 'what it may reach has other addresses'
    : undefined;
}

function areSame(current: ReadonlySet<string>, wanted: readonly string[]): boolean {
  return current.symmetricDifference(new Set(wanted)).size === 0;
}
