import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { newestVersion, previewSources } from '../reconcile/inputs.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { keptVersion } from '../registry/versions.ts';
import { versionDigest } from './label.ts';

/**
 * Keys of servers that are not of their newest version: `bob/filesystem`. Each template and its image is
 * looked at once; servers of one that can't be read, or were never ready, are left out. Builds nothing.
 */
export async function serversBehind(context: Context, engine: Engine): Promise<readonly string[]> {
  const { registry } = context;
  const names = new Map(listUsers(registry).map(({ id, name }) => [id, name]));
  const sources = previewSources(context, engine);
  const keys = listServers(registry).map(async (server) => {
    const kept = keptVersion(registry, server.id);
    if (kept === undefined) return [];
    const newest = await newestVersion(sources, server).catch(() => undefined);
    const isBehind = newest !== undefined && versionDigest(kept) !== versionDigest(newest);
    return isBehind ? [`${names.get(server.userId)}/${server.name}`] : [];
  });
  return (await Promise.all(keys)).flat().toSorted();
}
