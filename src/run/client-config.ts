import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderBlock } from '../connect/block.ts';
import { clients } from '../connect/clients.ts';
import type { Context } from '../context.ts';
import { runFolder } from '../reconcile/desired.ts';
import { makeRuntimeFolder } from '../secrets/materialise.ts';

interface Contents {
  readonly userId: string;
  readonly token: string;
  readonly servers: readonly { readonly name: string; readonly url: string }[];
}

/**
 * Writes what a client has to be told, `{"mcpServers": {NAME: {type, url, headers}}}`, where only the
 * caller can read it, and gives its path. It goes with the user.
 */
export function writeClientConfig(
  { home, registry, uid, gid }: Context,
  { userId, token, servers }: Contents,
): string {
  const folder = runFolder(home, registry.instance, userId);
  makeRuntimeFolder(folder, { uid, gid });
  const addresses = servers.map(({ name, url }) => ({
    name,
    url,
    authorization: `Bearer ${token}`,
  }));
  const path = join(folder, 'client.json');
  const text = `${renderBlock(clients['claude-code'], addresses)}\n`;
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  return path;
}
