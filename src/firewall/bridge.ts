/** Devices of tenants' networks. One firewall rule covers them all by this prefix. */
export const bridgePrefix = 'mcpd-';

/**
 * Name of the bridge device of a subnet: `10.200.0.16/28` → `mcpd-0ac80010`. No two networks of a host
 * share a subnet, so no two homes share a name; 13 of the 15 characters a device may have.
 */
export function bridgeName(subnet: string): string {
  const bytes = (subnet.split('/')[0] ?? '').split('.').map(Number);
  return bridgePrefix + bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** True for names that `bridgeName` makes; the only ones that may get into a rule set's text. */
export function isBridgeName(name: string): boolean {
  return /^mcpd-[0-9a-f]{8}$/.test(name);
}
