import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Context } from '../context.ts';
import { dropLease, listLeases } from '../registry/leases.ts';
import { isAlive } from '../registry/processes.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { instanceFolder } from './desired.ts';

type World = Pick<Context, 'home' | 'registry'>;

/**
 * Removes what killed commands left lying about that is no user's: run-time folders without a row, drafts
 * of files, leases of the dead. The write lock is held meanwhile, under which others write drafts and rows.
 */
export function sweepLeftovers(world: World): void {
  const { registry } = world;
  registry.transaction(() => {
    for (const folder of staleFolders(world)) dematerialise(folder);
    for (const path of drafts(world)) rmSync(path, { force: true });
    for (const lease of ownerlessLeases(registry)) dropLease(registry, lease);
  });
}

/** Run-time folders of servers that are not in the registry, and of users who have none there. */
export function staleFolders(world: World): string[] {
  // A row comes before its folder, so what is looked at first is the folders.
  const folders = runtimeFolders(world);
  const { registry } = world;
  const servers = listServers(registry).flatMap(({ id, userId }) => [id, userId]);
  const runs = listUsers(registry).map(({ id }) => `run-${id}`);
  const known = new Set([...servers, ...runs]);
  return folders.filter((folder) => !known.has(basename(folder)));
}

function runtimeFolders({ home, registry }: World): string[] {
  return pathsIn(instanceFolder(home, registry.instance), /^(run-)?[su][a-z0-9]{10}$/);
}

/** Of a user there is, whoever comes next takes the lease over; a name that is gone may never come again. */
function ownerlessLeases(registry: World['registry']) {
  const names = new Set(listUsers(registry).map(({ name }) => name));
  return listLeases(registry).filter((one) => !names.has(one.userName) && !isAlive(one));
}

function drafts(world: World): string[] {
  const { root, keys } = world.home;
  const ofServers = runtimeFolders(world).flatMap((folder) => [folder, join(folder, 'secrets')]);
  return [
    ...[root, ...ofServers].flatMap((folder) => pathsIn(folder, /^\.[\w.-]+\.[0-9a-f]{12}$/)),
    ...pathsIn(root, /^config\.json\.tmp-\w+$/),
    // Not written under the lock; but who makes a key makes another draft when this one is gone.
    ...pathsIn(keys, /\.[0-9a-f]{12}$/),
  ];
}

function pathsIn(folder: string, pattern: RegExp): string[] {
  return namesIn(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
