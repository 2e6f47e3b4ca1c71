import type { Context } from '../context.ts';
import { readCurrent } from './current.ts';
import type { OpenedDocument } from './open.ts';
import { operationsOf, planDocument, type Plan } from './plan.ts';
import { conflictingDocument, invalidDocument, placed } from './problems.ts';
import type { ApplyResult } from './result.ts';

/**
 * What would make of what there is what a document says. Reads the registry only. Throws UsageError for
 * a group that nobody has made, ConflictError for what can't change.
 */
export async function planFor(
  context: Context,
  { name, source, wanted }: OpenedDocument,
  options: { readonly prune: boolean },
): Promise<Plan> {
  const asked = [...wanted.users].map(
    ([user, { secrets }]) =>
      [
        user,
        [...secrets].flatMap(([secret, { kind }]) => (kind === 'value' ? secret : [])),
      ] as const,
  );
  const current = await readCurrent(context, new Map(asked));
  const { plan, problems, conflicts } = planDocument(current, wanted, options);
  if (problems.length > 0) throw invalidDocument(name, placed(source, [...problems, ...conflicts]));
  if (conflicts.length > 0) throw conflictingDocument(name, placed(source, conflicts));
  return plan;
}

/** A plan as the result of a command that changes nothing. */
export function previewOf(plan: Plan): ApplyResult {
  return {
    changed: false,
    dryRun: true,
    operations: operationsOf(plan).map((operation) => ({ ...operation, outcome: 'due' })),
    failures: [],
    unlisted: unlistedOf(plan),
  };
}

export function unlistedOf({ unlisted }: Plan): ApplyResult['unlisted'] {
  return { users: [...unlisted.users], groups: [...unlisted.groups] };
}
