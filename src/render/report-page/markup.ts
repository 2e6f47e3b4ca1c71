import { printable } from '../width.ts';

/** HTML or SVG text whose every part is safe. Only `markup` makes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | readonly Markup[];

/** A template for HTML: whatever is put in is escaped, unless it is such markup itself. */
export function markup(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = literals.flatMap((literal, index) => {
    const part = parts[index];
    return part === undefined ? [literal] : [literal, textOf(part)];
  });
  return new Markup(pieces.join(''));
}

export const nothing = new Markup('');

function textOf(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return escape(part);
  return part.map(({ text }) => text).join('\n');
}

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escape(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (character) => entities.get(character) ?? '');
}
