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

const portsPerWorker = 150;
const mostWorkers = 40;
let lastPort: number | undefined;

/**
 * A port of loopback for a program that will listen on it in a moment. Until then neither another worker
 * gives it out nor an outgoing connection takes it, as one that the kernel had chosen could be.
 */
export async function unusedPort(): Promise<number> {
  const isFree = freePorts('127.0.0.1', await readListeners());
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 0) % mostWorkers;
  const first = 4_000 + worker * portsPerWorker;
  for (;;) {
    lastPort = lastPort === undefined ? randomInt(portsPerWorker) : (lastPort + 1) % portsPerWorker;
    if (isFree(first + lastPort)) return first + lastPort;
  }
}

/** A random range outside mcpd's default pool, of 16 addresses by default. */
export function unusedSubnet(prefix = 28): string {
  const size = 2 ** (32 - prefix);
  const offset = randomInt(65_536 / size) * size;
  return `10.180.${offset >> 8}.${offset & 255}/${prefix}`;
}
