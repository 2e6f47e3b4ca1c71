import type { Address, Client } from './clients.ts';
import { tableOf } from './edit-toml.ts';

/** What goes into a client's file, as text to paste. */
export function renderBlock(client: Client, addresses: readonly Address[]): string {
  const { format, root, entry } = client;
  if (format === 'toml') {
    return addresses.map((address) => tableOf(root, address.name, entry(address))).join('\n\n');
  }
  const entries = addresses.map((address) => [address.name, entry(address)]);
  return JSON.stringify({ [root]: Object.fromEntries(entries) }, undefined, 2);
}
