import { harmlessText } from './harmless.ts';
import type { Style } from './style.ts';

/** An error as users and scripts see it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

/** `Error: …` and, when there is a next step, `Try this:` with one per line. */
export function renderProblem({ message, suggestions }: Problem, style: Style): string {
  // It may have lines of a server's log in it.
  const head = `${style.red('Error:')} ${harmlessText(message)}`;
  if (suggestions.length === 0) return head;
  const steps = suggestions.map((suggestion) => `  ${suggestion}`);
  return [head, '', 'Try this:', ...steps].join('\n');
}
