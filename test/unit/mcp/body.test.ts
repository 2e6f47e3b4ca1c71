import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldOf, parseBody } from '../../../src/mcp/body.ts';

test('each message of a body keeps its bytes', () => {
  const one = '{"jsonrpc":"2.0","id":1.0 ,"method":"a","params":{"n":9007199254740993}}';
  const two = '{ "method":"b","jsonrpc":"2.0"}';
  const parsed = parseBody(Buffer.from(`[${one} ,\n ${two}]`));
  expect('messages' in parsed && parsed.messages.map(({ line }) => line.toString())).toEqual([
    one,
    two,
  ]);
});

test('whatever the body, it is read or refused, never thrown at', () => {
  const bytes = fc.uint8Array().map((array) => Buffer.from(array));
  const text = fc.json().map((json) => Buffer.from(json));
  fc.assert(
    fc.property(fc.oneof(bytes, text), (body) => {
      const parsed = parseBody(body);
      const outcome = 'failure' in parsed ? parsed.failure.code : parsed.messages.length;
      expect(outcome === -32700 || outcome === -32600 || outcome > 0).toBe(true);
    }),
  );
});

test('a field is found only where it is the value’s own', () => {
  expect(fieldOf({ a: 1 }, 'a')).toBe(1);
  for (const value of [undefined, null, 1, 'text', {}, []]) {
    expect(fieldOf(value, 'toString')).toBeUndefined();
  }
});
