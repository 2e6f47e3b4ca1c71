import type { Edit } from './edit.ts';
import type { Span } from './scan.ts';

/**
 * The edits that take some of the elements of an array, or members of an object, out of a JSON text, with
 * their commas; what stays keeps its bytes. `items` are all of them, in their order.
 */
export function cut(items: readonly Span[], isKept: (index: number) => boolean): Edit[] {
  const firstKept = items.findIndex((_, index) => isKept(index));
  const edits: Edit[] = [];
  for (const [index, { from, to }] of items.entries()) {
    if (isKept(index)) continue;
    const isBefore = firstKept === -1 || index < firstKept;
    // Before the first that stays the comma behind goes along, later the one before.
    const span = isBefore
      ? { from, to: items[index + 1]?.from ?? to }
      : { from: items[index - 1]?.to ?? from, to };
    edits.push({ span, json: '' });
  }
  return edits;
}
