import type { Registry } from '../registry/database.ts';
import { listServers } from '../registry/servers.ts';
import { writeLive } from '../secrets/materialise.ts';
import type { Owner } from '../secrets/private-folder.ts';
import { serverLiveTokens } from './live.ts';
import { liveTokens } from './store.ts';

interface Destination {
  readonly userId: string;
  /** A server's run-time folder. */
  readonly folderOf: (serverId: string) => string;
  /** Who the bridge starts as. */
  readonly owner: Owner;
}

/**
 * Tells every bridge of a user which tokens are valid now; servers without a run-time folder learn it
 * when they start. The write lock is held meanwhile, so that of two changes the later one stays.
 */
export function publishLiveTokens(
  registry: Registry,
  { userId, folderOf, owner }: Destination,
): void {
  registry.transaction(() => {
    const tokens = liveTokens(registry, userId);
    for (const server of listServers(registry, userId)) {
      writeLive(folderOf(server.id), serverLiveTokens(server, tokens), owner);
    }
  });
}
