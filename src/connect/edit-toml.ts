import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import type { Entry } from './clients.ts';
import { isObject, merge, type EditRequest } from './edit-json.ts';
import { brokenFile, unexpectedShape } from './faults.ts';

/** As editJson, for TOML: entries are tables `[root.name]`; new ones go to the end. */
export function editToml({ text, file, root, entries }: EditRequest): string {
  const before = read(text, file);
  const servers = before[root] ?? {};
  if (!isObject(servers)) throw unexpectedShape(file, root);
  let content = text;
  for (const [name, entry] of entries) {
    const present = servers[name];
    if (present === undefined) content = append(content, tableOf(root, name, entry));
    else if (!isObject(present)) throw unexpectedShape(file, root);
    else if (!isDeepStrictEqual(present, merge(present, entry))) {
      content = replaceKeys(content, { root, name, entry });
    }
  }
  // Whatever the lines looked like: what is read from them has to be right.
  const expected = merge(before, { [root]: Object.fromEntries(entries) });
  const after = tryRead(content);
  if (!isDeepStrictEqual(after, expected)) throw unexpectedShape(file, root);
  return content;
}

/** A table as its own lines. */
export function tableOf(root: string, name: string, entry: Entry): string {
  return [`[${root}.${name}]`, ...Object.entries(entry).map(keyLine)].join('\n');
}

function keyLine([key, value]: readonly [string, Entry[string]]): string {
  return `${key} = ${inline(value)}`;
}

/** A value on one line. */
function inline(value: Entry[string]): string {
  if (typeof value === 'object' && !Array.isArray(value)) {
    return `{ ${Object.entries(value as Entry)
      .map(keyLine)
      .join(', ')} }`;
  }
  return stringify({ value })
    .trim()
    .replace(/^value = /, '');
}

function append(text: string, table: string): string {
  if (text.trim() === '') return `${table}\n`;
  return `${text.replace(/\n*$/, '\n')}\n${table}\n`;
}

interface Replacement {
  readonly root: string;
  readonly name: string;
  readonly entry: Entry;
}

/** Replaces those lines of a table whose keys the entry has; the others stay. */
function replaceKeys(text: string, { root, name, entry }: Replacement): string {
  const lines = text.split('\n');
  const header = new RegExp(`^\\s*\\[\\s*${root}\\s*\\.\\s*(?:${name}|"${name}"|'${name}')\\s*\\]`);
  const start = lines.findIndex((line) => header.test(line));
  if (start === -1) return text;
  const next = lines.findIndex((line, index) => index > start && /^\s*\[/.test(line));
  const end = next === -1 ? lines.length : next;
  const keys = new Set(Object.keys(entry));
  const kept = lines.slice(start + 1, end).filter((line) => {
    const key = /^\s*["']?([\w-]+)["']?\s*=/.exec(line)?.[1];
    return key === undefined || !keys.has(key);
  });
  return [
    ...lines.slice(0, start + 1),
    ...Object.entries(entry).map(keyLine),
    ...kept,
    ...lines.slice(end),
  ].join('\n');
}

function read(text: string, file: string): Record<string, unknown> {
  try {
    return plain(parse(text));
  } catch (error) {
    const line = error instanceof Error && 'line' in error ? Number(error.line) : 0;
    throw brokenFile(file, line > 0 ? `it is broken at line ${line}` : 'it is not valid TOML');
  }
}

function tryRead(text: string): unknown {
  try {
    return plain(parse(text));
  } catch {
    return undefined;
  }
}

/** Its objects have no prototype, which comparing would call a difference. */
function plain<Value>(value: Value): Value {
  return structuredClone(value);
}
