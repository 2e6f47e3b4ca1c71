import { ConflictError, UsageError, type Flaw } from '../errors.ts';
import type { Problem, Source } from './source.ts';

const shownAtMost = 50;

/** Lists what is wrong with a document as editors understand it: `tenants.yaml:12:7: …`. */
export function invalidDocument(name: string, flaws: readonly Flaw[]): UsageError {
  const problems = inOrder(flaws);
  return new UsageError(`${name} can’t be applied:\n${linesOf(name, problems)}`, {
    code: 'DOCUMENT_INVALID',
    suggestions: ['mcpd schema export prints its JSON Schema, for editors'],
    problems,
  });
}

/** The same of what contradicts what there is. */
export function conflictingDocument(name: string, flaws: readonly Flaw[]): ConflictError {
  const problems = inOrder(flaws);
  return new ConflictError(`${name} can’t be applied here:\n${linesOf(name, problems)}`, {
    code: 'DOCUMENT_CONFLICT',
    suggestions: ['mcpd export prints what there is'],
    problems,
  });
}

/** Problems with their places. */
export function placed({ placeOf }: Source, problems: readonly Problem[]): readonly Flaw[] {
  return problems.map(({ path, message, atKey }) => ({
    ...placeOf({ path, atKey }),
    path: path.map((step) => (typeof step === 'number' ? step : String(step))),
    message,
  }));
}

function inOrder(flaws: readonly Flaw[]): readonly Flaw[] {
  return flaws.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function linesOf(name: string, problems: readonly Flaw[]): string {
  const lines = problems.slice(0, shownAtMost).map(({ line, column, path, message }) => {
    const what = path.length === 0 ? '' : `${path.join('.')}: `;
    return `${name}:${line}:${column}: ${what}${message}`;
  });
  const more = problems.length - shownAtMost;
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
