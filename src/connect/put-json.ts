import { isDeepStrictEqual } from 'node:util';
import { createScanner, getNodeValue, parseTree, type Node } from 'jsonc-parser';

// Kinds of tokens, which the package declares as a const enum.
const comma = 5;
const lineBreak = 14;
const trivia = new Set([12, 13, 15]);

/**
 * Text with one value set, touching nothing else: not a space, not a comment. Undefined when something
 * on the path is no object. `modify` of jsonc-parser reformats what stands beside a new value.
 */
export function putJson(text: string, path: readonly string[], value: unknown): string | undefined {
  let node = parseTree(text, [], { allowTrailingComma: true });
  for (const [depth, key] of path.entries()) {
    if (node?.type !== 'object') return undefined;
    const property = node.children?.findLast(({ children }) => children?.[0]?.value === key);
    if (!property) {
      const rest = path.slice(depth + 1).reduceRight((inner, name) => ({ [name]: inner }), value);
      return insert(text, { object: node, depth, key, value: rest });
    }
    node = property.children?.[1];
  }
  if (!node || isDeepStrictEqual(getNodeValue(node), value)) return text;
  return splice(text, node.offset, node.length, JSON.stringify(value));
}

interface Insertion {
  readonly object: Node;
  /** How many objects it is in. */
  readonly depth: number;
  readonly key: string;
  readonly value: unknown;
}

function insert(text: string, { object, depth, key, value }: Insertion): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const unit = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  const last = object.children?.at(-1);
  const indent = (last && indentOf(text, last.offset)) ?? unit.repeat(depth + 1);
  const lines = `${JSON.stringify(key)}: ${JSON.stringify(value, undefined, unit)}`.split('\n');
  const property = lines.map((line) => eol + indent + line).join('');
  if (!last) {
    const inside = text.slice(object.offset + 1, object.offset + object.length - 1);
    const close = inside.includes('\n') ? '' : eol + unit.repeat(depth);
    return splice(text, object.offset + 1, 0, property + close);
  }
  const end = last.offset + last.length;
  const trailing = findComma(text, end);
  if (trailing !== undefined) return splice(text, endOfLine(text, trailing), 0, `${property},`);
  const place = endOfLine(text, end);
  return `${text.slice(0, end)},${text.slice(end, place)}${property}${text.slice(place)}`;
}

/** Where the line of a property begins, if nothing else stands before it. */
function indentOf(text: string, offset: number): string | undefined {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The end of a trailing comma behind a value. */
function findComma(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  if (scanner.scan() !== (comma as number)) return undefined;
  return scanner.getTokenOffset() + 1;
}

/** Behind the comments that follow on the same line; here, when the line doesn't end with them. */
function endOfLine(text: string, offset: number): number {
  const scanner = createScanner(text, false);
  scanner.setPosition(offset);
  let token: number = scanner.scan();
  while (trivia.has(token)) token = scanner.scan();
  return token === lineBreak ? scanner.getTokenOffset() : offset;
}

function splice(text: string, offset: number, length: number, replacement: string): string {
  return text.slice(0, offset) + replacement + text.slice(offset + length);
}
