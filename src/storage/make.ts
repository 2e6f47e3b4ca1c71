import type { Server, User } from '../registry/rows.ts';
import { prepareWorkspace } from '../workspace/prepare.ts';
import { isImage } from './keep.ts';

/**
 * Makes the workspace of a user none of whose servers ever ran: the command that added them may have
 * been killed. One that is missing later was lost, and an empty one in its place would hide that.
 */
export function makeFirstWorkspace(user: User, servers: readonly Server[]): void {
  if (!servers.some(({ settled }) => settled)) makeWorkspace(user);
}

/** Makes a registered user's workspace, or finds it there. Throws ConflictError for a folder that isn't theirs. */
function makeWorkspace({ workspace, uid, gid, workspaceManaged: managed }: User): void {
  // What is seen while its file system isn't mounted must stay closed to the tenant.
  if (managed && isImage(workspace)) return;
  prepareWorkspace(workspace, { uid, gid, managed });
}
