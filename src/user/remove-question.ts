import type { Registry } from '../registry/database.ts';
import { getUser, listUsersOfRun } from '../registry/users.ts';

/** Whom to remove: one user, or all of a CI run. */
export type Whom = { readonly name: string } | { readonly runId: string };

export function namesOf(registry: Registry, whom: Whom): string[] {
  return 'runId' in whom
    ? listUsersOfRun(registry, whom.runId).map(({ name }) => name)
    : [whom.name];
}

/** What to ask before they are removed; undefined: there is nobody. Throws NotFoundError for one who isn't there. */
export function removeQuestion(
  registry: Registry,
  whom: Whom,
  { purge }: { readonly purge: boolean },
): string | undefined {
  if ('runId' in whom) {
    const names = namesOf(registry, whom);
    return names.length === 0 ? undefined : `Remove ${names.join(', ')}?`;
  }
  const { name, workspace, workspaceManaged } = getUser(registry, whom.name);
  return purge && workspaceManaged
    ? `Remove ${name} and delete ${workspace}?`
    : `Remove ${name}? Its workspace ${workspace} is kept.`;
}
