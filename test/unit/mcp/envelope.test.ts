import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEnvelope } from '../../../src/mcp/envelope.ts';
import { scanArray, scanObject } from '../../../src/mcp/scan.ts';

const read = (text: string): unknown => readEnvelope(Buffer.from(text));

const json = fc.jsonValue({ stringUnit: 'binary' });

test('an object is cut into the same members that a parser finds', () => {
  const object = fc.dictionary(fc.string({ unit: 'binary' }), json);
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, '\t', 2), (value, indent) => {
      const text = Buffer.from(JSON.stringify(value, undefined, indent));
      const members = scanObject(text)?.map(({ key, value: { from, to } }) => [
        JSON.parse(text.toString('utf8', key.from, key.to)),
        JSON.parse(text.toString('utf8', from, to)),
      ]);
      const expected = JSON.parse(JSON.stringify(Object.entries(value))) as unknown;
      expect(members).toEqual(expected);
    }),
  );
});

test('an array is cut into the same elements that a parser finds', () => {
  fc.assert(
    fc.property(fc.array(json), fc.constantFrom(undefined, 1), (value, indent) => {
      const text = Buffer.from(JSON.stringify(value, undefined, indent));
      const elements = scanArray(text)?.map(({ from, to }) =>
        JSON.parse(text.toString('utf8', from, to)),
      );
      expect(elements).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('no bytes make the scanner throw or hang', () => {
  const pieces = fc.array(
    fc.constantFrom('{', '}', '[', ']', '"', '\\', ':', ',', '1', 'id', 'method', ' ', '\n', 'é'),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        pieces.map((parts) => parts.join('')),
        fc.string(),
      ),
      (text) => {
        for (const candidate of [text, `{${text}`, `{"id":1,"method":"x",${text}}`]) {
          expect(() => readEnvelope(Buffer.from(candidate))).not.toThrow();
          expect(() => scanArray(Buffer.from(candidate))).not.toThrow();
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('a message that a parser takes has its envelope read as the parser reads it', () => {
  const id = fc.oneof(
    fc.integer(),
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const method = fc.string({ unit: 'binary', maxLength: 50 });
  fc.assert(
    fc.property(id, method, json, (key, name, params) => {
      const text = JSON.stringify({ extra: params, params, method: name, id: key });
      const parsed = JSON.parse(text) as { id: unknown; method: unknown };
      expect(read(text)).toMatchObject({ kind: 'request', id: parsed.id, method: parsed.method });
    }),
  );
});

test('the kinds of messages', () => {
  expect(read('{"method":"a"}')).toEqual({ kind: 'notification', method: 'a', isAmbiguous: false });
  expect(read('{"id":1,"result":{}}')).toEqual({ kind: 'response', id: 1, isAmbiguous: false });
  expect(read('{"id":null,"error":{}}')).toMatchObject({ kind: 'response', id: undefined });
  expect(read(' { "id" : "x" , "method" : "a" } ')).toMatchObject({ kind: 'request', id: 'x' });
  expect(read(String.raw`{"\u0069d":1,"m\u0065thod":"a"}`)).toMatchObject({ kind: 'request' });
});

test('an id keeps its digits', () => {
  expect(read('{"id":12345678901234567890,"method":"a"}')).toMatchObject({
    id: Number('12345678901234567890'),
    idText: '12345678901234567890',
  });
  expect(read('{"id":1.0,"method":"a"}')).toMatchObject({ id: 1, idText: '1.0' });
});

test.each([
  '',
  'Listening on 3000',
  '[]',
  '{}',
  '{"jsonrpc":"2.0"}',
  '{"id":1}',
  '{"result":{}}',
  '{"id":null,"method":"a"}',
  '{"id":[1],"method":"a"}',
  '{"method":null}',
  '{"method":"a"} trailing',
  '{"method":"a"',
  '{"method":"a",}',
  "{'method':'a'}",
  '{not json}',
  `{"method":"${'a'.repeat(2000)}"}`,
])('no message: %s', (text) => {
  expect(read(text)).toBeUndefined();
});

test.each([
  '{"method":"a","method":"b"}',
  '{"method":"a","METHOD":"b"}',
  '{"method":"a","Params":{}}',
  '{"method":"a","param\u017f":{}}',
  '{"method":"a","id":1,"Id":2}',
  '{"method":"a","result":1}',
  String.raw`{"method":"a","\u006dethod":"b"}`,
])('ambiguous: %s', (text) => {
  expect(read(text)).toMatchObject({ isAmbiguous: true });
});

test('a field with the name of an object property is like any other', () => {
  expect(read('{"method":"a","__proto__":{"id":1},"constructor":1}')).toMatchObject({
    kind: 'notification',
    isAmbiguous: false,
  });
});

/** What a parser makes of a message, where a field that comes twice counts as its last. */
function readByParser(text: string, keys: readonly string[]): unknown {
  const message = JSON.parse(text) as Record<string, unknown>;
  const fields = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
  const hasResult = keys.includes('result') || keys.includes('error');
  const scalar = (value: unknown): unknown =>
    typeof value === 'string' || typeof value === 'number' ? value : undefined;
  const isTwice = fields.some((field) => keys.filter((key) => key === field).length > 1);
  const isFolded = keys.some(
    (key) =>
      !fields.includes(key) && fields.some((field) => key.toUpperCase() === field.toUpperCase()),
  );
  const isAmbiguous = isTwice || isFolded || (hasResult && keys.includes('method'));
  const id = scalar(message['id']);
  if (!keys.includes('method')) {
    return hasResult && keys.includes('id') ? { kind: 'response', id, isAmbiguous } : undefined;
  }
  const { method } = message;
  if (typeof method !== 'string') return undefined;
  if (!keys.includes('id')) return { kind: 'notification', method, isAmbiguous };
  return id === undefined ? undefined : { kind: 'request', method, id, idText: id, isAmbiguous };
}

test('any members, in any order and number, are read as a parser reads them', () => {
  const key = fc.constantFrom(
    ...[
      ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'ID', 'Method', 're\u017fult'],
      ['__proto__', 'constructor', 'x', ''],
    ].flat(),
  );
  const short = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.integer(),
    fc.constantFrom(null, true, 1e300, -0, '\ud800', '\0', [], {}),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const escaped = (text: string): string =>
    `"${Array.from(text, (one) => String.raw`\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;
  const member = fc.tuple(key, short, fc.boolean(), fc.constantFrom('', ' ', '\r\n', '\t'));
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), (members) => {
      const parts = members.map(([name, value, isEscaped, space]) => {
        const written = isEscaped ? escaped(name) : JSON.stringify(name);
        return `${space}${written}${space}:${space}${JSON.stringify(value)}${space}`;
      });
      const text = `{${parts.join(',')}}`;
      const found = readEnvelope(Buffer.from(text));
      const idText =
        found?.kind === 'request' ? { idText: JSON.parse(found.idText) as unknown } : {};
      const names = members.map(([name]) => name);
      expect(found && { ...found, ...idText }).toEqual(readByParser(text, names));
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['backslashes', `{"method":"a","params":"${'\\\\'.repeat(10_000)}"}`],
  ['escaped quotes', `{"a":"${String.raw`\"`.repeat(10_000)}","method":"a"}`],
  ['strings without end', `{"a":${String.raw`"\\\"`.repeat(5_000)}`],
  ['brackets without end', `{"a":${'[{"b":'.repeat(5_000)}`],
  ['members', `{${'"id":"x",'.repeat(5_000)}"method":"a"}`],
  ['long names', `{${`"${'n'.repeat(100)}":1,`.repeat(500)}"method":"${'m'.repeat(5_000)}"}`],
  ['space', `{${' \n'.repeat(5_000)}"method"${' '.repeat(5_000)}:"a"}`],
])('%s: no byte is looked at more than a few times', (_, text) => {
  const { bytes, reads } = counted(Buffer.from(text));
  readEnvelope(bytes);
  expect(reads()).toBeGreaterThan(0);
  expect(reads()).toBeLessThan(4 * bytes.length);
});

/** A buffer that counts how many of its bytes are looked at: by index, by search, or as text. */
function counted(bytes: Buffer): { bytes: Buffer; reads(): number } {
  let reads = 0;
  const searching = (value: number, start = 0): number => {
    const found = bytes.indexOf(value, start);
    reads += (found === -1 ? bytes.length - 1 : found) - start + 1;
    return found;
  };
  const reading = (encoding: BufferEncoding, from = 0, to = bytes.length): string => {
    reads += to - from;
    return bytes.toString(encoding, from, to);
  };
  const proxy = new Proxy(bytes, {
    get: (target, name) => {
      if (name === 'indexOf') return searching;
      if (name === 'toString') return reading;
      if (name === 'subarray') return target.subarray.bind(target);
      if (typeof name === 'string' && /^-?\d+$/.test(name)) reads += 1;
      return Reflect.get(target, name, target) as unknown;
    },
  });
  return { bytes: proxy, reads: () => reads };
}
