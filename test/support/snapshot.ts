import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Tenancy } from './tenancy.ts';

/** All that a command may change. Two of them are equal when nothing was changed in between. */
export interface Snapshot {
  /** Rows by table. */
  readonly rows: Readonly<Record<string, readonly object[]>>;
  /** Mode, owner and hash by path, of the home and the run-time folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Containers and networks as the engine describes them. */
  readonly objects: readonly unknown[];
}

export async function snapshot(tenancy: Tenancy): Promise<Snapshot> {
  const [home, runtime, objects] = await Promise.all([
    describeFolder(tenancy.home),
    tenancy.runtime().then(describeFolder),
    describeObjects(tenancy),
  ]);
  return { rows: readRows(tenancy), files: { ...home, ...runtime }, objects };
}

/** Every row of the registry, but the counter of leases: a command may take one and then fail. */
export function readRows({ home }: Pick<Tenancy, 'home'>): Snapshot['rows'] {
  using db = new DatabaseSync(join(home, 'registry.db'), { readOnly: true, timeout: 10_000 });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");
  const names = tables.all().map((row) => String(row['name']));
  return Object.fromEntries(
    names.map((name) => [
      name,
      db
        .prepare(`SELECT * FROM "${name}"`)
        .all()
        .filter((row) => !(name === 'meta' && row['key'] === 'fence'))
        .map((row) => ({ ...row })),
    ]),
  );
}

async function describeFolder(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const paths = ['', ...names].filter((name) => !changesByItself.test(name));
  const entries = paths.map(async (name) => {
    const path = join(folder, name);
    return [path, await describeFile(path)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * The database's own files change when they are merely opened; that a command failed is recorded; and
 * bridges that run keep records, and count in their user’s shared folder.
 */
const changesByItself =
  /^registry\.db|^audit(\/|$)|^users\/[^/]+\/logs\/[^/]+\/[^/]+$|^u[^/]+\/(rate|slot)[^/]*$/;

async function describeFile(path: string): Promise<string> {
  const stat = await lstat(path).catch(() => undefined);
  if (stat === undefined) return 'gone';
  const facts = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
  if (stat.isDirectory()) return `folder ${facts}`;
  if (stat.isSymbolicLink()) return `link ${facts} ${await readlink(path)}`;
  return `file ${facts} ${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

interface Inspected {
  readonly Mounts?: readonly { readonly Destination: string }[];
}

async function describeObjects(tenancy: Tenancy): Promise<readonly unknown[]> {
  const ids = await tenancy.objects();
  if (ids.length === 0) return [];
  const objects = JSON.parse(await tenancy.docker('inspect', ...ids)) as Inspected[];
  // The engine lists mounts in any order.
  return objects.map(({ Mounts = [], ...rest }) => ({
    ...rest,
    Mounts: Mounts.toSorted((a, b) => a.Destination.localeCompare(b.Destination)),
  }));
}
