import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findAbandoned } from '../backup/abandoned.ts';
import type { Context } from '../context.ts';
import { instanceFolder } from '../reconcile/desired.ts';
import { listLeases } from '../registry/leases.ts';
import { listOver } from '../registry/lifetime.ts';
import { isAlive } from '../registry/processes.ts';
import { listReleased } from '../registry/quarantine.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { volumePaths } from '../storage/paths.ts';
import { usersWithTokens } from '../tokens/store.ts';
import type { GcFacts } from './decide.ts';

/** Looks; changes nothing. Throws EngineUnreachableError. */
export async function gatherGcFacts(context: Context): Promise<GcFacts> {
  const { registry } = context;
  const engine = await context.engine();
  const observed = await engine.observe({ instance: registry.instance });
  const folders = await findRuntimeFolders(context);
  const staged = await findStaged(context);
  const restore = findAbandoned(context);
  return {
    observed,
    folders,
    staged,
    restore,
    users: listUsers(registry),
    servers: listServers(registry),
    over: listOver(registry),
    deadLeases: listLeases(registry).filter((lease) => !isAlive(lease)),
    withToken: usersWithTokens(registry),
    released: listReleased(registry),
  };
}

/** `<serverId>`, `<userId>` and `run-<userId>`. */
async function findRuntimeFolders({ home, registry }: Context) {
  const parent = instanceFolder(home, registry.instance);
  return (await namesIn(parent)).flatMap((name) => {
    const [, ownerId] = /^(?:run-)?([su][a-z0-9]{10})$/.exec(name) ?? [];
    return ownerId === undefined ? [] : [{ path: join(parent, name), ownerId }];
  });
}

async function findStaged({ home }: Context) {
  return (await namesIn(home.users))
    .map((userId) => ({ userId, paths: volumePaths(join(home.users, userId, 'workspace')) }))
    .filter(({ paths }) => existsSync(paths.stagedImage) || existsSync(paths.stagedFolder));
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
