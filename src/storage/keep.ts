import { existsSync, rmSync } from 'node:fs';
import type { Context } from '../context.ts';
import type { User } from '../registry/rows.ts';
import { hasRoom, unpackImage } from './move.ts';
import { volumePaths } from './paths.ts';
import { finishMoves, hasTraces } from './recover.ts';
import { releaseVolume } from './settle.ts';
import { systemVolumes, type Volumes } from './volumes.ts';

/**
 * Leaves the files of a user who is being removed in a plain folder, as they would be without a quota.
 * When the disk lacks room for that they stay in the image, whose path this gives. No container of the
 * user is left.
 */
export async function keepFiles(
  context: Context,
  user: User,
  volumes: Volumes = systemVolumes(context),
): Promise<string | undefined> {
  const paths = volumePaths(user.workspace);
  if (context.uid !== 0 || !user.workspaceManaged || !hasTraces(paths)) return undefined;
  const place = { volumes, paths, stop: async () => {} };
  await finishMoves(place);
  if (!existsSync(paths.image)) return undefined;
  if (await hasRoom(volumes, paths)) {
    await unpackImage(place);
    return undefined;
  }
  await releaseVolume(context, user, volumes);
  return paths.image;
}

/** Deletes a workspace of mcpd's own, whatever it is made of; nothing of it is mounted any more. */
export function deleteWorkspace({ workspace }: User): void {
  for (const path of Object.values(volumePaths(workspace))) {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Whether a workspace has its files in an image; the folder itself is then not to be touched. */
export function isImage(workspace: string): boolean {
  return existsSync(volumePaths(workspace).image);
}
