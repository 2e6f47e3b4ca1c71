import { randomInt } from 'node:crypto';

/** A /24 that no other test takes subnets from, so that every device and firewall entry in it is this one's. */
export function ownPool(): string {
  return `10.${randomInt(181, 199)}.${randomInt(256)}.0/24`;
}
