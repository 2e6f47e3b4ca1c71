import type { ApplyResult } from '../apply/result.ts';
import { renderOperations } from './plan.ts';

export function renderApply({ operations, dryRun, unlisted }: ApplyResult): string {
  const nothing = dryRun ? 'Nothing to do.' : 'Nothing changed.';
  const done = operations.length === 0 ? nothing : renderOperations(operations);
  const others = [...unlisted.users, ...unlisted.groups.map((name) => `group ${name}`)];
  if (others.length === 0) return done;
  return `${done}\n\nNot in the document, and left alone: ${others.join(', ')}.`;
}
