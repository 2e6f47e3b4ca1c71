import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeHeader } from '../../../src/mcp/modern.ts';

const encode = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

test('any text comes back from its encoded form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeHeader(encode(text))).toBe(text);
    }),
  );
});

test.each([
  ['us-west1', 'us-west1'],
  ['SGVsbG8=', 'SGVsbG8='],
  ['=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
  ['=?BASE64?SGVsbG8=?=', '=?BASE64?SGVsbG8=?='],
  [encode('=?base64?literal?='), '=?base64?literal?='],
])('%s is %s', (header, text) => {
  expect(decodeHeader(header)).toBe(text);
});

test.each(['=?base64?SGVsbG8?=', '=?base64?SGVs!!!bG8=?=', '=?base64?/w==?='])(
  '%s is nothing',
  (header) => {
    expect(decodeHeader(header)).toBeUndefined();
  },
);
