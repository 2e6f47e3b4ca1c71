import { readFileSync } from 'node:fs';

/**
 * CIDRs that the host already routes somewhere, the default route left out. An allocator keeps clear
 * of them, so that a user's network never hides a VPN or a LAN. IPv4 only: user networks have no IPv6.
 */
export function hostRoutes(file = '/proc/net/route'): string[] {
  return readRoutes(file).map((route) => route.cidr);
}

/** The same with the device of each. */
export function readRoutes(file = '/proc/net/route'): Route[] {
  return parseRoutes(readFileSync(file, 'utf8'));
}

export interface Route {
  readonly device: string;
  readonly cidr: string;
}

/** Reads the kernel's table: a title line, then one route per line with little-endian hex addresses. */
export function parseRoutes(text: string): Route[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([device, destination, , , , , , mask]) => {
      if (!device || !destination || !mask) return [];
      const prefix = countBits(Number.parseInt(mask, 16));
      return prefix === 0 ? [] : [{ device, cidr: `${littleEndian(destination)}/${prefix}` }];
    });
}

/** `0200C00A` → `10.192.0.2` */
export function littleEndian(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

function countBits(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length;
}
