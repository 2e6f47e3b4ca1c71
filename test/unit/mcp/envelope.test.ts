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

test('backslashes before quotes are counted in linear time', () => {
  const text = `{"method":"a","params":"${'\\\\'.repeat(2_000_000)}"}`;
  const started = performance.now();
  expect(read(text)).toMatchObject({ kind: 'notification' });
  expect(read(`{"a":"${String.raw`\"`.repeat(2_000_000)}","method":"a"}`)).toBeDefined();
  expect(performance.now() - started).toBeLessThan(5000);
});
