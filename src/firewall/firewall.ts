import { readdir } from 'node:fs/promises';
import { bridgePrefix, isBridgeName } from './bridge.ts';
import { setResolvers, setTenant, unsetTenant, type TenantRules } from './elements.ts';
import { readListing, readTargets } from './listing.ts';
import { FirewallError, transact, type Nft } from './nft.ts';
import {
  loadFirstRules,
  loadRules,
  requireRules,
  rulesVersion,
  table,
  unloadRules,
} from './rules.ts';

export interface EnsureFirewall {
  readonly nft: Nft;
  /** IPv4 addresses whose port 53 stays reachable, wherever they are. */
  readonly resolvers: readonly string[];
  readonly tenants: readonly TenantRules[];
  /** Leave what their `allow` profiles let through already: names may not be looked up now. */
  readonly keepTargets?: boolean;
  /** Names of this host's network devices. */
  readonly devices?: () => Promise<readonly string[]>;
}

/**
 * Makes the table hold exactly these profiles for bridges, which need not exist yet. One atomic
 * transaction, and one more look when the rules are older, or a profile is `allow`. Any number of
 * processes may do it at once, of any home. Throws FirewallError; the bridges are then as before.
 */
export async function ensureFirewall({
  nft,
  resolvers,
  tenants,
  keepTargets = false,
  devices = networkDevices,
}: EnsureFirewall): Promise<void> {
  const mayDrop = !keepTargets && tenants.some(({ profile }) => profile === 'allow');
  const current = mayDrop ? await targetsByBridge(nft) : undefined;
  const change = [
    ...setResolvers(resolvers),
    ...tenants.flatMap((tenant) => setTenant(tenant, current?.get(tenant.bridge) ?? [])),
  ];
  // Without other tenants there is hardly ever a table.
  const own = new Set(tenants.map(({ bridge }) => bridge));
  if (!(await devices()).some((device) => isBridgeName(device) && !own.has(device))) {
    const first = await transact(nft, [...loadFirstRules(), ...change]);
    if (first.code === 0) return;
  }
  const answer = await transact(nft, [requireRules(), ...change]);
  if (answer.code === 0) return;

  // Loading is harmless when another process has done it since.
  const loaded = await loadedMarkers(nft);
  const load = loaded.some(isNewer) ? [] : loadRules(loaded);
  const again = await transact(nft, [...load, ...change]);
  if (again.code !== 0) throw new FirewallError('load the firewall', again);
}

/** Puts the rules back as they should be and keeps every tenant: for a table somebody has edited. */
export async function repairFirewall(nft: Nft): Promise<void> {
  const answer = await transact(nft, loadRules(await loadedMarkers(nft)));
  if (answer.code !== 0) throw new FirewallError('repair the firewall', answer);
}

/**
 * Forgets a bridge, after its network is gone. With the last one the whole table goes, so that nothing
 * is left behind; the kernel itself refuses that while another process has just added a tenant.
 */
export async function removeTenant(
  nft: Nft,
  bridge: string,
  devices: () => Promise<readonly string[]> = networkDevices,
): Promise<void> {
  const current = await targetsByBridge(nft);
  if (current === undefined) return;
  const answer = await transact(nft, unsetTenant(bridge, current.get(bridge) ?? []));
  // The table may have gone with another last tenant in between.
  if (answer.code !== 0 && (await targetsByBridge(nft)) !== undefined) {
    throw new FirewallError('remove the firewall entries', answer);
  }
  const others = (await devices()).some((device) => device.startsWith(bridgePrefix));
  if (!others) await transact(nft, unloadRules());
}

/** Names of this host's network devices. */
export function networkDevices(): Promise<string[]> {
  return readdir('/sys/class/net');
}

// Undefined when there is no table.
async function targetsByBridge(nft: Nft): Promise<ReadonlyMap<string, string[]> | undefined> {
  const answer = await nft(['-j', 'list', 'set', ...table.split(' '), 'targets']);
  return answer.code === 0 ? readTargets(answer) : undefined;
}

// Empty when there is no table.
async function loadedMarkers(nft: Nft): Promise<string[]> {
  const answer = await nft(['-j', '-t', 'list', 'table', ...table.split(' ')]);
  if (answer.code !== 0) return [];
  return readListing(answer).chains.filter((chain) => /^rules_\d+_[0-9a-f]{8}$/.test(chain));
}

function isNewer(name: string): boolean {
  return Number(name.split('_')[1]) > rulesVersion;
}
