import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import type { Target } from './elements.ts';

/** All IPv4 addresses of a host name; rejects when it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const resolveHost: Resolve = async (host) =>
  (await lookup(host, { all: true, family: 4 })).map(({ address }) => address);

export interface ResolvedTargets {
  readonly targets: readonly Target[];
  /** Entries whose name has no address now; they stay unreachable. */
  readonly unresolved: readonly string[];
}

/**
 * Turns the entries of an `allow` profile into addresses, as of now: a name that changes its addresses
 * is followed at the tenant's next start.
 */
export async function resolveTargets(
  entries: readonly string[],
  resolve: Resolve = resolveHost,
): Promise<ResolvedTargets> {
  const answers = await Promise.all(entries.map((entry) => resolveEntry(entry, resolve)));
  return {
    targets: answers.flatMap((answer) => answer ?? []),
    unresolved: entries.filter((_, index) => answers[index] === undefined),
  };
}

/** Undefined when the entry makes no sense or its name has no address. */
async function resolveEntry(entry: string, resolve: Resolve): Promise<Target[] | undefined> {
  const [network, length] = entry.split('/');
  if (length !== undefined) {
    const prefix = Number(length);
    return isIPv4(network ?? '') && prefix <= 32 ? [{ address: network ?? '', prefix }] : undefined;
  }
  const [host = '', portText] = entry.split(':');
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !(port >= 1 && port <= 65535)) return undefined;
  const addresses = isIPv4(host) ? [host] : await resolve(host).catch(() => []);
  if (addresses.length === 0) return undefined;
  return addresses.map((address) => ({ address, prefix: 32, ...(port && { port }) }));
}
