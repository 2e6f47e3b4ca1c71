import { scanObject, type Member, type Span } from './scan.ts';

/** A place in a JSON text, and the JSON text to put there. */
export interface Edit {
  readonly span: Span;
  readonly json: Buffer | string;
}

/** Puts other values in place of some, and leaves every other byte as it is. The places don't overlap. */
export function edit(json: Buffer, edits: readonly Edit[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { span, json: value } of edits.toSorted((a, b) => a.span.from - b.span.from)) {
    parts.push(
      json.subarray(at, span.from),
      typeof value === 'string' ? Buffer.from(value) : value,
    );
    at = span.to;
  }
  return Buffer.concat([...parts, json.subarray(at)]);
}

/** Where a value is, by the names that lead to it; undefined when there is none. */
export function findValue(json: Buffer, path: readonly string[]): Span | undefined {
  let span: Span | undefined = { from: 0, to: json.length };
  for (const name of path) {
    if (span) span = membersOf(json, span)?.findLast((member) => member.name === name)?.value;
  }
  return span;
}

/** The bytes of a value. */
export function bytesOf(json: Buffer, { from, to }: Span): Buffer {
  return json.subarray(from, to);
}

interface NamedMember extends Member {
  readonly name: string;
}

/** The members of the object at `span`, with their names; undefined when there is no object. */
export function membersOf(json: Buffer, span: Span): NamedMember[] | undefined {
  const shift = ({ from, to }: Span): Span => ({ from: from + span.from, to: to + span.from });
  return scanObject(bytesOf(json, span))?.map((member) => {
    const key = shift(member.key);
    return { name: nameAt(json, key), key, value: shift(member.value) };
  });
}

/** A JSON object of the given members. */
export function objectOf(members: readonly { name: string; json: Buffer | string }[]): Buffer {
  const parts = members.flatMap(({ name, json }, index) => [
    Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(name)}:`),
    typeof json === 'string' ? Buffer.from(json) : json,
  ]);
  return Buffer.concat([Buffer.from('{'), ...parts, Buffer.from('}')]);
}

function nameAt(json: Buffer, { from, to }: Span): string {
  const text = json.toString('utf8', from, to);
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
}
