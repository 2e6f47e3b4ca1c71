import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';

// What the engine gives containers when the host names no resolver that they could reach.
const engineDefaults = ['8.8.8.8', '8.8.4.4'];

/**
 * The IPv4 resolvers that containers end up asking: the host's, with the real ones behind a stub such
 * as systemd-resolved's on 127.0.0.53, or the engine's defaults.
 */
export async function hostResolvers(
  files: readonly string[] = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'],
): Promise<string[]> {
  for (const file of files) {
    const found = parseResolvers(await readFile(file, 'utf8').catch(() => ''));
    const reachable = found.filter((address) => !address.startsWith('127.'));
    if (reachable.length > 0) return reachable;
  }
  return engineDefaults;
}

function parseResolvers(text: string): string[] {
  return text
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    .filter((address) => isIPv4(address));
}
