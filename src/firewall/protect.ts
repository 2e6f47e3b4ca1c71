import { RefusedError } from '../errors.ts';
import type { Egress } from '../policy/egress.ts';
import type { HostConfig } from '../config/schema.ts';
import { readTable, whyUnprotected, type Table, type WantedRules } from './drift.ts';
import { ensureFirewall, removeTenant, repairFirewall } from './firewall.ts';
import { systemNft, type Nft } from './nft.ts';
import { hostResolvers } from './resolvers.ts';
import { whyStale } from './state.ts';
import { resolveTargets, type Resolve } from './targets.ts';

/** The parts of the context that decide whether profiles are enforced here. */
export interface FirewallHost {
  readonly uid: number;
  readonly config: Pick<HostConfig, 'firewall'>;
}

export interface Protect {
  readonly bridge: string;
  readonly egress: Egress;
  /** True when the administrator named the profile: one that can't be enforced is then an error. */
  readonly explicit: boolean;
  /** The tenant is not in the table yet, so nobody need look. */
  readonly isNew?: boolean;
  readonly nft?: Nft;
  readonly resolve?: Resolve;
}

export interface Protection {
  readonly enforced: boolean;
  /** Why not, a clause for people; absent when enforced. */
  readonly reason?: string;
  /** What was not as it should be, and now is. */
  readonly mended?: string;
  /** Entries of an `allow` profile that have no address now and so stay unreachable. */
  readonly unresolved: readonly string[];
}

/** Whether this process may enforce profiles, and if not, why. Never looks at the host. */
export function enforcement({ uid, config }: FirewallHost): { enforced: boolean; reason?: string } {
  if (config.firewall === 'off') return { enforced: false, reason: 'the setting firewall is off' };
  if (uid !== 0) return { enforced: false, reason: 'mcpd is not run as root' };
  return { enforced: true };
}

/**
 * Puts a tenant's profile in force, before its first container starts. Throws RefusedError when the
 * profile was asked for, or the settings require it, and it can't be enforced here; FirewallError when
 * root's own attempt fails.
 */
export async function protectTenant(host: FirewallHost, options: Protect): Promise<Protection> {
  const here = requireProtection(host, options);
  if (!here.enforced) return { ...here, unresolved: [] };
  const { isNew = false, nft = systemNft() } = options;
  const { wanted, unresolved } = await wantedRules(options);
  const table = isNew ? undefined : await readTable(nft);
  const why = isNew ? undefined : whyUnprotected(table, wanted);
  // Somebody may have changed rules and left the mark of their version.
  if (table && whyStale(table) !== undefined) await repairFirewall(nft);
  if (isNew || why !== undefined) {
    await ensureFirewall({ nft, resolvers: wanted.resolvers, tenants: [wanted.tenant] });
  }
  return { enforced: true, ...(why !== undefined && { mended: why }), unresolved };
}

/**
 * What `protectTenant` would mend, given the table as it is; undefined: nothing. Changes nothing. Throws
 * RefusedError as it does.
 */
export async function previewProtection(
  host: FirewallHost,
  table: Table | undefined,
  options: Pick<Protect, 'bridge' | 'egress' | 'explicit' | 'resolve'>,
): Promise<string | undefined> {
  if (!requireProtection(host, options).enforced) return undefined;
  return whyUnprotected(table, (await wantedRules(options)).wanted);
}

/**
 * Puts many tenants' profiles in force at once, where they are enforced, without asking for the addresses
 * of names: those stay as they are until `protectTenant`. Throws FirewallError; nothing is in force then.
 */
export async function protectTenants(
  host: FirewallHost,
  tenants: readonly Pick<Protect, 'bridge' | 'egress'>[],
  nft: Nft = systemNft(),
): Promise<void> {
  if (!enforcement(host).enforced || tenants.length === 0) return;
  const all = await Promise.all(
    tenants.map((tenant) => wantedRules({ ...tenant, resolve: async () => [] })),
  );
  await ensureFirewall({
    nft,
    resolvers: await hostResolvers(),
    tenants: all.map(({ wanted }) => wanted.tenant),
    keepTargets: true,
  });
}

/** Profiles narrower than the default are promises: without a firewall they fail. */
export function isPromise({ profile }: Egress): boolean {
  return profile === 'none' || profile === 'allow';
}

/** Whether profiles are enforced here. Throws RefusedError when they aren't and this one must be. */
export function requireProtection(
  host: FirewallHost,
  { egress, explicit }: Pick<Protect, 'egress' | 'explicit'>,
): ReturnType<typeof enforcement> {
  const { enforced, reason } = enforcement(host);
  const isNarrowed = explicit && egress.profile !== 'open';
  if (!enforced && (isNarrowed || host.config.firewall === 'required')) {
    throw unenforceable(egress, reason);
  }
  return { enforced, ...(reason && { reason }) };
}

async function wantedRules({
  bridge,
  egress,
  resolve,
}: Pick<Protect, 'bridge' | 'egress' | 'resolve'>): Promise<{
  wanted: WantedRules;
  unresolved: readonly string[];
}> {
  const entries = egress.profile === 'allow' ? egress.targets : [];
  const { targets, unresolved } = await resolveTargets(entries, resolve);
  const tenant = { bridge, profile: egress.profile, targets };
  return { wanted: { tenant, resolvers: await hostResolvers() }, unresolved };
}

/** Takes a tenant's profile away, after its network is gone. Does nothing where none is enforced. */
export async function unprotectTenant(
  host: Pick<FirewallHost, 'uid'>,
  bridge: string,
  nft: Nft = systemNft(),
): Promise<void> {
  if (host.uid === 0) await removeTenant(nft, bridge);
}

/** Throws RefusedError when this profile was asked for and can't be enforced here. */
export function requireEnforceable(host: FirewallHost, egress: Egress): void {
  const { enforced, reason } = enforcement(host);
  if (!enforced && egress.profile !== 'open') throw unenforceable(egress, reason);
}

function unenforceable({ profile }: Egress, reason: string | undefined): RefusedError {
  return new RefusedError(`The egress profile ${profile} can't be enforced: ${reason ?? ''}.`, {
    code: 'EGRESS_NOT_ENFORCEABLE',
    suggestions: ['run mcpd as root', 'mcpd config set firewall auto, and leave --egress out'],
  });
}
