import { type Listing, readListing } from './listing.ts';
import type { Nft } from './nft.ts';
import { marker, ruleCounts, rulesVersion, table } from './rules.ts';

export type Profile = 'public' | 'none' | 'open' | 'allow';

/**
 * What the host enforces now. `missing`: no table; `stale`: a table with other rules than this version's;
 * `unavailable`: this user can't see or set any. `reason` is a clause for people.
 */
export type FirewallState = {
  /** Bridge → the profile in force; every other `mcpd-*` device has `none`. */
  readonly tenants: ReadonlyMap<string, Profile>;
} & (
  | { readonly status: 'enforced' }
  | { readonly status: 'missing' | 'stale' | 'unavailable'; readonly reason: string }
);

export async function firewallState(nft: Nft, uid: number): Promise<FirewallState> {
  const none = new Map<string, Profile>();
  if (uid !== 0) {
    return { status: 'unavailable', reason: 'mcpd is not run as root', tenants: none };
  }
  const answer = await nft(['-j', 'list', 'table', ...table.split(' ')]);
  if (answer.code === undefined) {
    return { status: 'unavailable', reason: 'nft is not installed', tenants: none };
  }
  if (answer.code !== 0) {
    // "Operation not permitted" is told apart from "no such table" by asking for what always works.
    const any = await nft(['list', 'tables']);
    return any.code === 0
      ? { status: 'missing', reason: `there is no table ${table}`, tenants: none }
      : { status: 'unavailable', reason: firstLine(any.stderr), tenants: none };
  }
  const listing = readListing(answer);
  const tenants = new Map(listing.tenants.map((bridge) => [bridge, profileOf(listing, bridge)]));
  const reason = whyStale(listing);
  return reason ? { status: 'stale', reason, tenants } : { status: 'enforced', tenants };
}

/** Why the loaded rules are not this version's, a clause for people; undefined when they are, or newer. */
export function whyStale(listing: Listing): string | undefined {
  if (listing.dormant) return 'the table is switched off (dormant)';
  if (!listing.chains.includes(marker)) {
    const other = listing.chains.find((chain) => /^rules_\d+_/.test(chain));
    if (other && Number(other.split('_')[1]) > rulesVersion) return undefined;
    return 'its rules are of another version';
  }
  for (const [chain, count] of ruleCounts) {
    if (listing.rules.get(chain) !== count) return `somebody changed the rules of chain ${chain}`;
  }
  return undefined;
}

export function profileOf({ members }: Listing, bridge: string): Profile {
  const found = (['open', 'public', 'allow'] as const).find((set) => members.get(set)?.has(bridge));
  return found ?? 'none';
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
