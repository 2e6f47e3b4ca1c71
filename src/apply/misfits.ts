import { nearest } from '../nearest.ts';
import type { Current, CurrentUser } from './current.ts';
import type { Wanted, WantedUser } from './resolve.ts';
import type { Problem } from './source.ts';

/** Groups that users should be in, and that there won't be. */
export function unknownGroups(current: Current, wanted: Wanted): Problem[] {
  const known = new Set([...wanted.groups.keys(), ...current.groups.keys()]);
  return [...wanted.users].flatMap(([user, { group }]) => {
    if (group === null || known.has(group)) return [];
    const close = nearest(group, known);
    const hint = close.length === 0 ? '' : `; did you mean ${close.join(' or ')}?`;
    return [{ path: ['users', user, 'group'], message: `there is no group ${group}${hint}` }];
  });
}

/** What a document asks for that can't become of a user whom there is. */
export function conflictsOf(
  path: readonly string[],
  current: CurrentUser | undefined,
  { osUser, workspace }: WantedUser,
): Problem[] {
  if (!current) return [];
  if (current.isPassing) {
    return [{ path, message: 'ends by itself, so no document may have it', atKey: true }];
  }
  return [
    ...(osUser === undefined || osUser === current.osUser
      ? []
      : [fixed([...path, 'osUser'], current.osUser ?? 'none')]),
    ...(workspace === undefined || workspace === current.workspace
      ? []
      : [fixed([...path, 'workspace'], current.workspace)]),
  ];
}

function fixed(path: readonly string[], present: string): Problem {
  return { path, message: `it is ${present}, and can’t change; remove the user first` };
}
