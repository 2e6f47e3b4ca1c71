import type { Registry } from '../registry/database.ts';
import { listServers } from '../registry/servers.ts';
import { writeLive } from '../secrets/materialise.ts';
import type { Owner } from '../secrets/private-folder.ts';
import { liveTokenIds } from './store.ts';

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
    const live = liveTokenIds(registry, userId);
    for (const { id } of listServers(registry, userId)) {
      writeLive(folderOf(id), serverLiveIds(id, live), owner);
    }
  });
}

/** A server's live ids: its user's tokens, and its own id, which is that of mcpd's probe token. */
export function serverLiveIds(serverId: string, live: readonly string[]): string[] {
  return [...live, serverId];
}
