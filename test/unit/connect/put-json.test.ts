import { expect, test } from 'vitest';
import { putJson } from '../../../src/connect/put-json.ts';

function put(text: string, value: unknown = 1): string | undefined {
  return putJson(text, ['s', 'k'], value);
}

test.each([
  ['an empty object', '{}', '{\n  "s": {\n    "k": 1\n  }\n}'],
  ['one on two lines', '{\n}', '{\n  "s": {\n    "k": 1\n  }\n}'],
  ['an object with a comment only', '{ // c\n}', '{\n  "s": {\n    "k": 1\n  } // c\n}'],
  ['one line', '{"s":{"a":1}}', '{"s":{"a":1,\n    "k": 1}}'],
  [
    'a comment behind the last',
    '{\n  "s": {\n    "a": 1 // one\n  }\n}',
    '{\n  "s": {\n    "a": 1, // one\n    "k": 1\n  }\n}',
  ],
  [
    'a trailing comma',
    '{\n  "s": {\n    "a": 1, /* one */\n  },\n}',
    '{\n  "s": {\n    "a": 1, /* one */\n    "k": 1,\n  },\n}',
  ],
  [
    'a comment before the trailing comma',
    '{\n  "s": {\n    "a": 1 /* one */, // two\n  }\n}',
    '{\n  "s": {\n    "a": 1 /* one */, // two\n    "k": 1,\n  }\n}',
  ],
  ['tabs', '{\n\t"a": [1,   2]\n}', '{\n\t"a": [1,   2],\n\t"s": {\n\t\t"k": 1\n\t}\n}'],
  ['a value', '{ "s" : { "k" : [ 2 ] } }', '{ "s" : { "k" : 1 } }'],
  ['the same value', '{ "s": { "k": 1.0 } }', '{ "s": { "k": 1.0 } }'],
])('into %s', (_what, before, after) => {
  expect(put(before)).toBe(after);
});

test('not into what is no object', () => {
  expect(put('[]')).toBeUndefined();
  expect(put('{"s": 1}')).toBeUndefined();
  expect(put('')).toBeUndefined();
});
