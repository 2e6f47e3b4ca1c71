import type { RequestId } from './jsonrpc.ts';
import { scanObject, type Span } from './scan.ts';

/** What of a message routing needs; the rest stays unread bytes. */
export type Envelope =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly id: RequestId;
      /** The id as it was written. */
      readonly idText: string;
      readonly isAmbiguous: boolean;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly isAmbiguous: boolean }
  | {
      readonly kind: 'response';
      /** Undefined when it answers a message whose id could not be read (`"id": null`). */
      readonly id: RequestId | undefined;
      readonly isAmbiguous: boolean;
    };

const fields = new Map([
  ['jsonrpc', 1],
  ['id', 2],
  ['method', 4],
  ['params', 8],
  ['result', 16],
  ['error', 32],
]);
const names = [...fields.keys()].map((name) => ({ name, bytes: Buffer.from(name) }));
const folded = new Set([...fields.keys()].map((name) => name.toUpperCase()));

/** Escaped in full, the longest field name takes 42 bytes. */
const longestKey = 64;
const longestName = 1024;

/**
 * Reads the envelope of one JSON-RPC message; undefined when it is none. `isAmbiguous` is set when
 * two parsers could read it differently (a field twice, or in other letter case, which some languages
 * accept), so that a check made here would not hold there.
 */
export function readEnvelope(json: Buffer): Envelope | undefined {
  const members = scanObject(json);
  if (!members) return undefined;
  let seen = 0;
  let isAmbiguous = false;
  let id: Span | undefined;
  let method: Span | undefined;
  for (const { key, value } of members) {
    const name = readKey(json, key);
    const bit = fields.get(name) ?? 0;
    if (bit === 0 ? folded.has(name.toUpperCase()) : (seen & bit) !== 0) isAmbiguous = true;
    seen |= bit;
    if (name === 'id') id = value;
    else if (name === 'method') method = value;
  }
  const hasResult = (seen & (16 | 32)) !== 0;
  if (method) {
    const name = readScalar(json, method);
    if (typeof name !== 'string') return undefined;
    isAmbiguous ||= hasResult;
    if (!id) return { kind: 'notification', method: name, isAmbiguous };
    const value = readScalar(json, id);
    if (value === undefined) return undefined;
    const idText = json.toString('utf8', id.from, id.to);
    return { kind: 'request', method: name, id: value, idText, isAmbiguous };
  }
  if (!hasResult || !id) return undefined;
  return { kind: 'response', id: readScalar(json, id), isAmbiguous };
}

function readKey(json: Buffer, { from, to }: Span): string {
  for (const { name, bytes } of names) if (isAt(json, from + 1, to - 1, bytes)) return name;
  if (to - from > longestKey) return '';
  const text = json.toString('utf8', from + 1, to - 1);
  return text.includes('\\') ? (parse(`"${text}"`) ?? '').toString() : text;
}

/** Spelled out, since a call into Node's own code costs more than so few bytes. */
function isAt(json: Buffer, from: number, to: number, bytes: Buffer): boolean {
  if (to - from !== bytes.length) return false;
  for (let at = 0; at < bytes.length; at += 1) if (json[from + at] !== bytes[at]) return false;
  return true;
}

/** A string or number value; undefined for anything else. */
function readScalar(json: Buffer, { from, to }: Span): RequestId | undefined {
  return to - from > longestName ? undefined : parse(json.toString('utf8', from, to));
}

function parse(text: string): RequestId | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' || typeof value === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}
