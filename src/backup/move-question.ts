import { existsSync } from 'node:fs';
import { getUser } from '../registry/users.ts';
import { requireTwoHomes, type Homes } from './may-move.ts';

/** What to ask before a user is moved, and which user it is about. Throws what `requireTwoHomes` does. */
export function moveQuestion(homes: Homes, name: string): { text: string; id: string } {
  requireTwoHomes(homes, name);
  const { id, workspace, workspaceManaged } = getUser(homes.here.registry, name);
  const { root, registry } = homes.there.home;
  const target = existsSync(registry) ? root : `${root}, a new home,`;
  const text = workspaceManaged
    ? `Move ${name} to ${target} and delete ${workspace} afterwards?`
    : `Copy ${name} with ${workspace} to ${target} and remove them here? That folder is kept.`;
  return { text, id };
}
