import { randomInt } from 'node:crypto';
import { freePorts, readListeners } from '../../src/host/sockets.ts';

/** The first of `count` ports in a row that nobody listens on, outside mcpd's default range. */
export async function unusedPorts(count: number): Promise<number> {
  const isFree = freePorts('0.0.0.0', await readListeners());
  for (;;) {
    const start = randomInt(10_000, 19_000);
    const ports = Array.from({ length: count }, (_, index) => start + index);
    if (ports.every(isFree)) return start;
  }
}

/** A random range outside mcpd's default pool, of 16 addresses by default. */
export function unusedSubnet(prefix = 28): string {
  const size = 2 ** (32 - prefix);
  const offset = randomInt(65_536 / size) * size;
  return `10.180.${offset >> 8}.${offset & 255}/${prefix}`;
}
