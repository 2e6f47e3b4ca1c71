import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, edit, findValue, objectOf } from '../../../src/mcp/edit.ts';

const object = fc.dictionary(fc.string(), fc.jsonValue());

test('a value is found by its name, and is the one that a parser finds', () => {
  fc.assert(
    fc.property(object, fc.integer({ min: 0, max: 2 }), (value, indent) => {
      const json = Buffer.from(JSON.stringify(value, undefined, indent));
      for (const name of Object.keys(value)) {
        const span = findValue(json, [name]);
        expect(span && JSON.parse(bytesOf(json, span).toString())).toEqual(
          JSON.parse(JSON.stringify(value[name])),
        );
      }
    }),
  );
});

test('of two members of one name the last counts, as it does for JSON.parse', () => {
  const json = Buffer.from('{"a":1,"\\u0061":2}');
  expect(findValue(json, ['a'])).toEqual({ from: 16, to: 17 });
});

test('replacing values leaves every other byte as it is', () => {
  const json = Buffer.from('{ "id" : 7 , "p":{"t": "ü\\ud800", "n":1.0E+2} }');
  const [id, token] = [findValue(json, ['id']), findValue(json, ['p', 't'])];
  const edits = [token, id].map((span) => ({ span: span ?? { from: 0, to: 0 }, json: '"new"' }));
  expect(edit(json, edits).toString()).toBe('{ "id" : "new" , "p":{"t": "new", "n":1.0E+2} }');
});

test.each(['[]', '7', '"a"', '{}', '{"a":[1]}'])(
  'nothing is found where there is nothing: %s',
  (text) => {
    expect(findValue(Buffer.from(text), ['a', 'b'])).toBeUndefined();
  },
);

test('an object of members is what a parser makes of it', () => {
  fc.assert(
    fc.property(object, (value) => {
      const members = Object.entries(value).map(([name, one]) => ({
        name,
        json: JSON.stringify(one),
      }));
      expect(JSON.parse(objectOf(members).toString())).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
