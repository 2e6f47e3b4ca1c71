import type { Registry } from '../registry/database.ts';
import { getUser, listUsersOfRun } from '../registry/users.ts';

/** Whom to remove: one user, or all of a CI run. */
export type Whom = { readonly name: string } | { readonly runId: string };

export function namesOf(registry: Registry, whom: Whom): string[] {
  return 'runId' in whom
    ? listUsersOfRun(registry, whom.runId).map(({ name }) => name)
    : [whom.name];
}

/**
 * What to ask before they are removed, and which user it is about, since another one may have the name when
 * it is answered. Undefined: there is nobody. Throws NotFoundError for one who isn't there.
 */
export function removeQuestion(
  registry: Registry,
  whom: Whom,
  { purge }: { readonly purge: boolean },
): { readonly text: string; readonly id?: string } | undefined {
  if ('runId' in whom) {
    const names = namesOf(registry, whom);
    return names.length === 0 ? undefined : { text: `Remove ${names.join(', ')}?` };
  }
  const { id, name, workspace, workspaceManaged } = getUser(registry, whom.name);
  const text =
    purge && workspaceManaged
      ? `Remove ${name} and delete ${workspace}?`
      : `Remove ${name}? Its workspace ${workspace} is kept.`;
  return { text, id };
}
