import type { Registry } from '../registry/database.ts';
import type { User } from '../registry/rows.ts';
import { getUser, listUsersOfRun } from '../registry/users.ts';

/** Whom to remove: one user, or all of a CI run. */
export type Whom = { readonly name: string } | { readonly runId: string };

export function namesOf(registry: Registry, whom: Whom): string[] {
  return 'runId' in whom
    ? listUsersOfRun(registry, whom.runId).map(({ name }) => name)
    : [whom.name];
}

/**
 * What to ask before they are removed, and which users it is about: when it is answered another one may
 * have a name, or be one of the run. Undefined: there is nobody. Throws NotFoundError for one who isn't there.
 */
export function removeQuestion(
  registry: Registry,
  whom: Whom,
  { purge }: { readonly purge: boolean },
): { readonly text: string; readonly users: readonly User[] } | undefined {
  if ('runId' in whom) {
    const users = listUsersOfRun(registry, whom.runId);
    return users.length === 0 ? undefined : { text: aboutRun(users, purge), users };
  }
  const user = getUser(registry, whom.name);
  return { text: aboutOne(user, purge), users: [user] };
}

function aboutOne({ name, workspace, workspaceManaged }: User, purge: boolean): string {
  return purge && workspaceManaged
    ? `Remove ${name} and delete ${workspace}?`
    : `Remove ${name}? Its workspace ${workspace} is kept.`;
}

function aboutRun(users: readonly User[], purge: boolean): string {
  const deleted = users.filter(({ workspaceManaged }) => purge && workspaceManaged);
  if (deleted.length === 0) return `Remove ${list(users)}? Their workspaces are kept.`;
  const whose =
    deleted.length === users.length ? 'their workspaces' : `the workspaces of ${list(deleted)}`;
  return `Remove ${list(users)} and delete ${whose}?`;
}

function list(users: readonly User[]): string {
  return users.map(({ name }) => name).join(', ');
}
