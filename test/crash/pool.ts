import { randomInt } from 'node:crypto';

const count = 18 * 256;
const first = randomInt(count);
let taken = 0;

/** A /24 that no other test takes subnets from, so that every device and firewall entry in it is this one's. */
export function ownPool(): string {
  const number = (first + taken) % count;
  taken += 1;
  return `10.${181 + Math.floor(number / 256)}.${number % 256}.0/24`;
}
