const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const colon = 0x3a;

const shortString = 32;

/** Where something stands in a JSON text: bytes `from` (inclusive) to `to` (exclusive). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Member {
  readonly key: Span;
  readonly value: Span;
}

/**
 * The members of a JSON object without parsing their values, in linear time and constant memory;
 * undefined when the text is no object. Nested values are skipped by their brackets, not validated.
 */
export function scanObject(json: Buffer): Member[] | undefined {
  const members: Member[] = [];
  let at = skipSpace(json, 0);
  if (json[at] !== openBrace) return undefined;
  at = skipSpace(json, at + 1);
  if (json[at] === closeBrace) return isEnd(json, at + 1) ? members : undefined;
  for (;;) {
    const key = json[at] === quote ? endOfString(json, at) : -1;
    if (key === -1) return undefined;
    const separator = skipSpace(json, key);
    if (json[separator] !== colon) return undefined;
    const from = skipSpace(json, separator + 1);
    const to = endOfValue(json, from);
    if (to === -1) return undefined;
    members.push({ key: { from: at, to: key }, value: { from, to } });
    at = skipSpace(json, to);
    if (json[at] === closeBrace) return isEnd(json, at + 1) ? members : undefined;
    if (json[at] !== comma) return undefined;
    at = skipSpace(json, at + 1);
  }
}

/** The elements of a JSON array; undefined when the text is no array. */
export function scanArray(json: Buffer): Span[] | undefined {
  const elements: Span[] = [];
  let at = skipSpace(json, 0);
  if (json[at] !== openBracket) return undefined;
  at = skipSpace(json, at + 1);
  if (json[at] === closeBracket) return isEnd(json, at + 1) ? elements : undefined;
  for (;;) {
    const to = endOfValue(json, at);
    if (to === -1) return undefined;
    elements.push({ from: at, to });
    at = skipSpace(json, to);
    if (json[at] === closeBracket) return isEnd(json, at + 1) ? elements : undefined;
    if (json[at] !== comma) return undefined;
    at = skipSpace(json, at + 1);
  }
}

function endOfValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === quote) return endOfString(json, start);
  if (first === openBrace || first === openBracket) return endOfNested(json, start);
  let at = start;
  while (isScalar(json[at])) at += 1;
  return at === start ? -1 : at;
}

function endOfNested(json: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === quote) {
      at = endOfString(json, at);
      if (at === -1) return -1;
      continue;
    }
    at += 1;
    if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

/** A quote ends the string when an even number of backslashes stands before it. */
function endOfString(json: Buffer, start: number): number {
  let at = start;
  for (;;) {
    at = indexOfQuote(json, at + 1);
    if (at === -1) return -1;
    let before = at - 1;
    while (json[before] === backslash) before -= 1;
    if ((at - 1 - before) % 2 === 0) return at + 1;
  }
}

/** Most strings are so short that a loop finds their end before `indexOf` has begun. */
function indexOfQuote(json: Buffer, start: number): number {
  const near = Math.min(start + shortString, json.length);
  for (let at = start; at < near; at += 1) if (json[at] === quote) return at;
  return near === json.length ? -1 : json.indexOf(quote, near);
}

function skipSpace(json: Buffer, start: number): number {
  let at = start;
  while (isSpace(json[at])) at += 1;
  return at;
}

function isEnd(json: Buffer, start: number): boolean {
  return skipSpace(json, start) === json.length;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Bytes of numbers, `true`, `false` and `null`. */
function isScalar(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}
