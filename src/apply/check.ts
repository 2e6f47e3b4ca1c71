import * as z from 'zod';
import { nearest } from '../nearest.ts';
import { documentSchema, writtenDocument, type Document } from './document.ts';
import type { Path, Problem } from './source.ts';

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** A document that is valid by itself, or all that is wrong with it. */
export function checkDocument(
  value: unknown,
): { readonly document: Document } | { readonly problems: readonly Problem[] } {
  const parsed = documentSchema.safeParse(value ?? {});
  if (parsed.success) return { document: parsed.data };
  return { problems: parsed.error.issues.flatMap((issue) => problemsOf(value, issue, [])) };
}

function problemsOf(value: unknown, issue: Issue, above: Path): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey([...path, key]));
  if (issue.code === 'invalid_union') return unionProblems(value, issue.errors, path);
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path, message, atKey: true }));
  }
  return [{ path, message: messageOf(issue, at(value, path)) }];
}

/** Those of the alternative that was meant: the one of the right kind. */
function unionProblems(value: unknown, errors: readonly Issue[][], path: Path): Problem[] {
  const isOfKind = (issues: readonly Issue[]) =>
    issues.every(({ code, path: below }) => code !== 'invalid_type' || below.length > 0);
  const meant = errors.find(isOfKind);
  if (meant) return meant.flatMap((issue) => problemsOf(value, issue, path));
  const kinds = errors.flat().flatMap((issue) => ('expected' in issue ? [issue.expected] : []));
  return [{ path, message: `expected ${[...new Set(kinds)].join(' or ')}` }];
}

function messageOf({ code, message }: Issue, value: unknown): string {
  if (value === undefined && code !== 'custom') return 'is missing';
  return message
    .replace(/^(Invalid input|Too small|Too big|Invalid option): /, '')
    .replace(/^expected one of .*/, (text) => text.replaceAll('"', '').replaceAll('|', ', '));
}

function unknownKey(path: Path): Problem {
  const close = nearest(String(path.at(-1)), keysAt(path.slice(0, -1)));
  const hint = close.length === 0 ? '' : `; did you mean ${close.join(' or ')}?`;
  return { path, message: `there is no such key${hint}`, atKey: true };
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (whole, step) =>
      typeof whole === 'object' && whole !== null
        ? (whole as Record<PropertyKey, unknown>)[step]
        : undefined,
    value,
  );
}

/** Keys that may stand there, and those below it as `policy.memory`. */
function keysAt(path: Path): string[] {
  let schemas: JsonSchema[] = [z.toJSONSchema(writtenDocument)];
  for (const step of path) {
    schemas = alternatives(schemas).flatMap(({ properties, additionalProperties, items }) =>
      [properties?.[String(step)], additionalProperties, items].filter(isSchema),
    );
  }
  return alternatives(schemas).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([key, schema]) => [
      key,
      ...(isSchema(schema) ? Object.keys(schema.properties ?? {}) : []).map(
        (low) => `${key}.${low}`,
      ),
    ]),
  );
}

function alternatives(schemas: readonly JsonSchema[]): JsonSchema[] {
  return schemas.flatMap((schema) => [
    schema,
    ...alternatives((schema.anyOf ?? []).filter(isSchema)),
  ]);
}

function isSchema(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}
