import { dirname, join } from 'node:path';

/**
 * What is beside a workspace with a quota. Each name means one state, so that whoever comes after a killed
 * command can tell how far it got.
 */
export interface VolumePaths {
  /** Where the file system is mounted; without an image the folder itself. */
  readonly workspace: string;
  /** The file system. Where it is, it has the files. */
  readonly image: string;
  /** An image, or a folder, that is not complete yet: whoever finds it throws it away. */
  readonly stagedImage: string;
  readonly stagedFolder: string;
  /** A complete copy of the image's files, about to become the workspace. */
  readonly plain: string;
  /** Files that are in the image by now, about to be deleted. */
  readonly old: string;
}

export function volumePaths(workspace: string): VolumePaths {
  const folder = dirname(workspace);
  return {
    workspace,
    image: join(folder, 'workspace.img'),
    stagedImage: join(folder, 'staged.img'),
    stagedFolder: join(folder, 'staged'),
    plain: join(folder, 'workspace.plain'),
    old: join(folder, 'workspace.old'),
  };
}
