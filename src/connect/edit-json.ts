import { isDeepStrictEqual } from 'node:util';
import { parse, type ParseError } from 'jsonc-parser';
import type { Entry } from './clients.ts';
import { brokenFile, unexpectedShape } from './faults.ts';
import { putJson } from './put-json.ts';

export interface EditRequest {
  /** The file's content; '' when there is none. */
  readonly text: string;
  /** For messages. */
  readonly file: string;
  /** Key that holds the entries. */
  readonly root: string;
  readonly entries: ReadonlyMap<string, Entry>;
}

/**
 * The content with the entries in it; comments, formatting and everything else stay as they are, also
 * what the user added to an entry of ours. Throws UsageError for content that isn't valid.
 */
export function editJson({ text, file, root, entries }: EditRequest): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  let content = text.slice(mark.length);
  if (content.trim() === '') content = '{}\n';
  const before = read(content, file);
  if (!isObject(before) || !(before[root] === undefined || isObject(before[root]))) {
    throw unexpectedShape(file, root);
  }
  for (const [name, entry] of entries) {
    for (const { path, value } of leaves(entry, [root, name])) {
      const next = putJson(content, path, value);
      if (next === undefined) throw unexpectedShape(file, root);
      content = next;
    }
  }
  // Whatever the text looked like: what is read from it has to be right.
  const expected = merge(before, { [root]: Object.fromEntries(entries) });
  if (!isDeepStrictEqual(read(content, file), expected)) throw unexpectedShape(file, root);
  return mark + content;
}

function read(text: string, file: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error) throw brokenFile(file, `it is broken at line ${lineOf(text, error.offset)}`);
  return value;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

interface Leaf {
  readonly path: string[];
  readonly value: unknown;
}

function leaves(value: unknown, path: string[]): Leaf[] {
  if (!isObject(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
}

type PlainObject = Readonly<Record<string | number, unknown>>;

/** `patch` laid over `base`, leaf by leaf. */
export function merge(base: PlainObject, patch: PlainObject): PlainObject {
  const merged = Object.entries(patch).map(([key, value]) => {
    const under = base[key];
    if (!isObject(value)) return [key, value];
    return [key, merge(isObject(under) ? under : {}, value)];
  });
  return { ...base, ...Object.fromEntries(merged) };
}

export function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
