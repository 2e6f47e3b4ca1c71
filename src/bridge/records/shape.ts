/** Of what is described; what is beyond is `…`. */
const bounds = { depth: 4, members: 32, elements: 4, nameLength: 64, textLength: 2048 };

const more = '…';

/**
 * What a value looks like: types in place of values. Of a list, the different shapes of its first
 * elements. Names are kept, since they are the tool's, but cut.
 */
export function shapeOf(value: unknown): unknown {
  if (value === undefined) return null;
  const shape = describe(value, bounds.depth);
  // A wide and deep one would make lines that no reader expects.
  return JSON.stringify(shape).length > bounds.textLength ? typeName(value) : shape;
}

function describe(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return typeName(value);
  if (depth === 0) return more;
  return Array.isArray(value) ? describeList(value, depth) : describeObject(value, depth);
}

function describeList(values: readonly unknown[], depth: number): unknown[] {
  const shapes = values.slice(0, bounds.elements).map((one) => describe(one, depth - 1));
  const texts = shapes.map((one) => JSON.stringify(one));
  const different = shapes.filter((_, index) => texts.indexOf(texts[index] ?? '') === index);
  return values.length > bounds.elements ? [...different, more] : different;
}

function describeObject(value: object, depth: number): unknown {
  // No plain object: a name may be `__proto__`.
  const entries: [string, unknown][] = [];
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue;
    if (entries.length === bounds.members) {
      entries.push([more, more]);
      break;
    }
    const member: unknown = (value as Record<string, unknown>)[name];
    entries.push([cut(name, bounds.nameLength), describe(member, depth - 1)]);
  }
  return Object.fromEntries(entries);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

/** At most so many characters. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}${more}`;
}
