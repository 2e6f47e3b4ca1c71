import type { ApplyResult } from '../apply/result.ts';
import { renderOperations } from './plan.ts';

export function renderApply(result: ApplyResult): string {
  const parts = [doneText(result), tokenHint(result), othersText(result)];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function doneText({ operations, dryRun }: ApplyResult): string {
  if (operations.length > 0) return renderOperations(operations);
  return dryRun ? 'Nothing to do.' : 'Nothing changed.';
}

function tokenHint({ operations, dryRun }: ApplyResult): string | undefined {
  const made = operations.filter(({ type }) => type === 'user.create');
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
