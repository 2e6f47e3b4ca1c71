import type { ApplyFailure, ApplyResult } from '../apply/result.ts';
import { harmlessText } from './harmless.ts';
import { renderOperations } from './plan.ts';
import { renderTable } from './table.ts';

export function renderApply(result: ApplyResult): string {
  const parts = [doneText(result), failuresText(result), tokenHint(result), othersText(result)];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function doneText({ operations, failures, dryRun }: ApplyResult): string {
  if (operations.length === 0) return dryRun ? 'Nothing to do.' : 'Nothing changed.';
  if (failures.length === 0) return renderOperations(operations);
  return renderTable(operations, [
    { header: 'operation', cell: ({ type }) => type },
    { header: 'object', cell: ({ subject }) => subject },
    { header: 'outcome', cell: ({ outcome }) => outcome },
    { header: 'cause', cell: ({ cause }) => cause },
  ]);
}

/** What several failed with alike is said once. */
function failuresText({ failures }: ApplyResult): string | undefined {
  if (failures.length === 0) return undefined;
  const alike = Map.groupBy(failures, ({ problem }) => problem);
  const problems = [...alike].map(([problem, those]) => {
    const text = harmlessText(`${those.map(nameOf).join(', ')}: ${problem}`);
    return text.replaceAll('\n', '\n  ');
  });
  const steps = new Set(failures.flatMap(({ suggestions }) => suggestions));
  const next = [...steps, again].map((step) => `  ${step}`);
  return [...problems, ['Try this:', ...next].join('\n')].join('\n\n');
}

const again = 'mcpd apply again: what was done is not done again';

function nameOf({ kind, name }: ApplyFailure): string {
  return kind === 'user' ? name : `${kind} ${name}`;
}

function tokenHint({ operations, dryRun }: ApplyResult): string | undefined {
  const made = operations.filter(
    ({ type, outcome }) => type === 'user.create' && outcome === 'done',
  );
  const [first] = made;
  if (dryRun || !first) return undefined;
  const create = `mcpd token create ${first.subject}`;
  return made.length === 1
    ? `${first.subject} has no token yet: ${create}`
    : `${made.length} new users have no token yet; for each: ${create}`;
}

function othersText({ unlisted: { users, groups } }: ApplyResult): string | undefined {
  const others = [...users, ...groups.map((name) => `group ${name}`)];
  if (others.length === 0) return undefined;
  return `Not in the document, and left alone: ${others.join(', ')}.`;
}
