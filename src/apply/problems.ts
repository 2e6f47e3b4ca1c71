import { ConflictError, UsageError } from '../errors.ts';
import type { Place, Problem, Source } from './source.ts';

const shownAtMost = 50;

type Fault = Place & { readonly message: string };

/** Lists what is wrong with a document as editors understand it: `tenants.yaml:12:7: …`. */
export function invalidDocument(name: string, faults: readonly Fault[]): UsageError {
  return new UsageError(`${name} can’t be applied:\n${linesOf(name, faults)}`, {
    code: 'DOCUMENT_INVALID',
    suggestions: ['mcpd schema export prints its JSON Schema, for editors'],
  });
}

/** The same of what contradicts what there is. */
export function conflictingDocument(name: string, faults: readonly Fault[]): ConflictError {
  return new ConflictError(`${name} can’t be applied here:\n${linesOf(name, faults)}`, {
    code: 'DOCUMENT_CONFLICT',
    suggestions: ['mcpd export prints what there is'],
  });
}

/** Problems with their places. */
export function placed({ placeOf }: Source, problems: readonly Problem[]): readonly Fault[] {
  return problems.map(({ path, message, atKey }) => {
    const what = path.length === 0 ? '' : `${path.map(String).join('.')}: `;
    return { ...placeOf({ path, atKey }), message: `${what}${message}` };
  });
}

function linesOf(name: string, faults: readonly Fault[]): string {
  const lines = faults
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`);
  const more = lines.length - shownAtMost;
  return [...lines.slice(0, shownAtMost), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
