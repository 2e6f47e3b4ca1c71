import { existsSync, statSync } from 'node:fs';
import * as z from 'zod';
import type { Context } from '../context.ts';
import type { User } from '../registry/rows.ts';
import { measureFolder } from './measure.ts';
import { volumePaths } from './paths.ts';
import { storageQuota } from './quota.ts';
import { findMount } from './recover.ts';
import { systemVolumes, type Volumes } from './volumes.ts';

export const storageResult = z.object({
  quotaBytes: z.int().nullable().describe('null: none'),
  usedBytes: z
    .int()
    .nullable()
    .describe(
      'of an enforced quota with the file system’s own tables, so that full is all; null: not to be seen now',
    ),
  enforced: z.boolean().describe('the workspace is a file system of at most that size'),
});

export type StorageUsage = z.infer<typeof storageResult>;

/**
 * A workspace's use of its quota. `measure` also counts the files of a plain folder, which takes long
 * when there are many; a file system of its own just says.
 */
export async function storageUsage(
  context: World,
  user: User,
  options: { measure: boolean },
): Promise<StorageUsage> {
  return usageOf(context, user, { ...options, volumes: systemVolumes(context) });
}

/** The same of many, by name; what is mounted is looked at once. */
export async function storageUsages(
  context: World,
  users: readonly User[],
  options: { measure: boolean },
): Promise<Map<string, StorageUsage>> {
  const volumes = systemVolumes(context);
  let mounts: ReturnType<Volumes['mounts']> | undefined;
  const world = {
    ...options,
    volumes: { ...volumes, mounts: () => (mounts ??= volumes.mounts()) },
  };
  const usages = users.map(
    async (user) => [user.name, await usageOf(context, user, world)] as const,
  );
  return new Map(await Promise.all(usages));
}

async function usageOf(
  context: World,
  user: User,
  { measure, volumes }: { measure: boolean; volumes: Volumes },
): Promise<StorageUsage> {
  const quotaBytes = storageQuota(context.config, user)?.bytes ?? null;
  const enforced = isQuotaEnforced(context, user);
  const { workspace } = user;
  if (!hasImage(user)) {
    const used = measure ? measureFolder(workspace) : undefined;
    return { quotaBytes, usedBytes: used?.bytes ?? null, enforced };
  }
  if (!(await findMount(volumes, workspace))) return { quotaBytes, usedBytes: null, enforced };
  const { totalBytes, freeBytes } = await volumes.capacity(workspace);
  return { quotaBytes, usedBytes: totalBytes - freeBytes, enforced };
}

type World = Pick<Context, 'config' | 'env'>;

/** True when there is a quota and the workspace can't outgrow it. */
export function isQuotaEnforced({ config }: Pick<Context, 'config'>, user: User): boolean {
  const quota = storageQuota(config, user);
  const { image } = volumePaths(user.workspace);
  return quota !== undefined && hasImage(user) && statSync(image).size <= quota.bytes;
}

function hasImage({ workspace, workspaceManaged }: User): boolean {
  return workspaceManaged && existsSync(volumePaths(workspace).image);
}
