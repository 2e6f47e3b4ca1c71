import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document as Parsed,
  type Node,
  type Pair,
} from 'yaml';
import type { Flaw } from '../errors.ts';

export type Path = readonly PropertyKey[];

/** Something wrong with a document, and what in it. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Whether it is the key that is wrong, and not what it has. */
  readonly atKey?: boolean | undefined;
}

/** Both from 1. */
type Place = Pick<Flaw, 'line' | 'column'>;

/** A document as YAML or JSON has it, not looked at otherwise. */
export interface Source {
  readonly value: unknown;
  /** What keeps it from being read. */
  readonly faults: readonly Flaw[];
  /** Where something is; for what is missing, where it should be. */
  placeOf(problem: Pick<Problem, 'path' | 'atKey'>): Place;
}

/** Anchors may save typing, not make a small document a large one. */
const maxAliasCount = 100;

/** Reads YAML 1.2, of which JSON is a part. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const parsed = parseDocument(text, {
    lineCounter: lines,
    // Pretty ones repeat the line, which may hold what nobody should read.
    prettyErrors: false,
    stringKeys: true,
    // Looked for below: the library misses the place of one without a value.
    uniqueKeys: false,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = faultsOf(parsed).map(({ at, message }) => ({
    ...placeAt(at),
    path: [],
    message,
  }));
  return {
    value: faults.length === 0 ? parsed.toJS({ maxAliasCount }) : undefined,
    faults,
    placeOf: (problem) => placeAt(offsetOf(parsed, problem)),
  };
}

interface Fault {
  /** Characters from the beginning. */
  readonly at: number;
  readonly message: string;
}

/** One slip makes the parser stumble over much that follows it. */
const mostSyntaxErrors = 3;

function faultsOf(parsed: Parsed): Fault[] {
  const errors = parsed.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const isSyntax = errors.some(({ code }) => !messages.has(code));
  const told = isSyntax ? errors.slice(0, mostSyntaxErrors) : [...errors, ...parsed.warnings];
  const faults: Fault[] = told.map(({ code, message, pos }) => ({
    at: pos[0],
    message: messages.get(code) ?? message,
  }));
  if (faults.length > 0) return faults;
  visit(parsed, {
    Alias(_key, alias) {
      if (alias.resolve(parsed)) return;
      faults.push({ at: startOf(alias), message: 'there is no such anchor before it' });
    },
    Map(_key, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value))
          faults.push({ at: startOf(key), message: 'this key is here twice' });
        if (key.value === '__proto__')
          faults.push({ at: startOf(key), message: 'this key can’t be used' });
        seen.add(key.value);
      }
    },
  });
  return faults.length > 0 ? faults : expansionFault(parsed);
}

/** In our words, where the library's would repeat what was written or speak of its own options. */
const messages: ReadonlyMap<string, string> = new Map([
  ['MULTIPLE_DOCS', 'only one document may be in a file'],
  ['NON_STRING_KEY', 'a key must be text'],
  ['TAG_RESOLVE_FAILED', 'tags are not known here'],
]);

/** The library counts while it expands. */
function expansionFault(parsed: Parsed): Fault[] {
  try {
    parsed.toJS({ maxAliasCount });
    return [];
  } catch {
    return [{ at: 0, message: 'its aliases make it too large' }];
  }
}

/** As far along the path as there is something. */
function offsetOf(
  parsed: Parsed,
  { path, atKey = false }: Pick<Problem, 'path' | 'atKey'>,
): number {
  let node = parsed.contents as Node | null;
  let offset = startOf(node);
  for (const [index, step] of path.entries()) {
    const isLast = index === path.length - 1;
    const here = isAlias(node) ? node.resolve(parsed) : node;
    if (isSeq(here)) {
      node = (here.items[Number(step)] as Node | undefined) ?? null;
      if (!node) return offset;
      offset = startOf(node);
    } else if (isMap(here)) {
      const pair = (here.items as Pair<Node, Node | null>[]).find(
        ({ key }) => isScalar(key) && key.value === step,
      );
      if (!pair) return offset;
      node = pair.value;
      offset = isLast && !atKey && isScalar(node) ? startOf(node) : startOf(pair.key);
    }
  }
  return offset;
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
