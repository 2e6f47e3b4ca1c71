import { isSamePolicy, type Policy } from '../policy/policy.ts';
import type { Current } from './current.ts';
import { conflictsOf, unknownGroups } from './misfits.ts';
import { gone, type Operation } from './operation.ts';
import { userOperations } from './plan-user.ts';
import { policyChanges } from './policy-changes.ts';
import type { Wanted } from './resolve.ts';
import type { Problem } from './source.ts';

/** In the order in which it is carried out. */
export interface Plan {
  /** Of groups that are made or changed. */
  readonly groups: readonly Operation[];
  /** Of users who go; another one may have the name by then. */
  readonly removals: readonly (Operation & { readonly userId: string })[];
  /** By name of user: everybody whom the document lists, also when there is nothing to do. */
  readonly users: ReadonlyMap<string, readonly Operation[]>;
  /** Of groups that go. */
  readonly leftovers: readonly Operation[];
  /** Whom the document doesn't list, and who stay. */
  readonly unlisted: { readonly users: readonly string[]; readonly groups: readonly string[] };
}

export interface Planned {
  readonly plan: Plan;
  /** What is wrong with the document, seen from what there is. */
  readonly problems: readonly Problem[];
  /** What it asks for that can't become of what there is. */
  readonly conflicts: readonly Problem[];
}

/** What makes of what there is what is wanted. Users and groups that aren't listed go with `prune`. */
export function planDocument(
  current: Current,
  wanted: Wanted,
  { prune }: { readonly prune: boolean },
): Planned {
  const strangers = [...current.users]
    .filter(([name, { isPassing }]) => !wanted.users.has(name) && !isPassing)
    .map(([name, { id }]) => ({ name, id }));
  const emptied = emptiedGroups(current, wanted);
  const users = [...wanted.users].map(
    ([name, user]) => [name, userOperations(name, current.users.get(name), user)] as const,
  );
  return {
    plan: {
      groups: [...wanted.groups].flatMap(([name, policy]) =>
        groupOperations(name, current.groups.get(name), policy),
      ),
      removals: prune
        ? strangers.map(({ name, id }) => ({ ...gone('user.remove', name), userId: id }))
        : [],
      users: new Map(users),
      leftovers: prune ? emptied.map((subject) => gone('group.remove', subject)) : [],
      unlisted: prune
        ? { users: [], groups: [] }
        : { users: strangers.map(({ name }) => name), groups: emptied },
    },
    problems: unknownGroups(current, wanted),
    conflicts: [...wanted.users].flatMap(([name, user]) =>
      conflictsOf(['users', name], current.users.get(name), user),
    ),
  };
}

export function operationsOf({ groups, removals, users, leftovers }: Plan): Operation[] {
  const goers = removals.map(({ userId: _id, ...operation }) => operation);
  return [...groups, ...goers, ...[...users.values()].flat(), ...leftovers];
}

/** Groups that aren't listed, and that nobody will be in but who goes with them. */
function emptiedGroups(current: Current, wanted: Wanted): string[] {
  const passing = [...current.users.values()].filter(({ isPassing }) => isPassing);
  const members = [...wanted.users.values(), ...passing];
  const used = new Set([...wanted.groups.keys(), ...members.map(({ group }) => group)]);
  return [...current.groups.keys()].filter((name) => !used.has(name));
}

function groupOperations(
  subject: string,
  current: Policy | undefined,
  wanted: Policy,
): Operation[] {
  if (!current) return [{ type: 'group.create', subject, cause: 'not found' }];
  if (isSamePolicy(current, wanted)) return [];
  return [{ type: 'group.update', subject, cause: policyChanges(current, wanted).join(', ') }];
}
