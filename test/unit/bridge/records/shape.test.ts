import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { argumentShape, targetOf } from '../../../../src/bridge/records/asked.ts';
import { shapeOf } from '../../../../src/bridge/records/shape.ts';

test('a shape has types in place of values, and of a list its different elements', () => {
  expect(shapeOf({ path: '/x', n: 1, on: true, none: null, list: ['a', 'b', 2] })).toEqual({
    path: 'string',
    n: 'number',
    on: 'boolean',
    none: 'null',
    list: ['string', 'number'],
  });
});

test('a shape is small, however wide, deep or long the arguments', () => {
  const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n]));
  expect(Object.keys(shapeOf(wide) as object)).toHaveLength(33);
  expect(shapeOf({ a: { b: { c: { d: { e: 1 } } } } })).toEqual({ a: { b: { c: { d: '…' } } } });
  expect(Object.keys(shapeOf({ ['x'.repeat(100)]: 1 }) as object)[0]).toHaveLength(64);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.stringify(shapeOf(value)).length).toBeLessThanOrEqual(2048);
    }),
  );
});

test('no value of an argument is in its shape', () => {
  const secret = fc.string({ minLength: 12, maxLength: 40 }).map((text) => `sk~${text}`);
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 4 }, secret, fc.array(tie('any')), tie('object')),
    object: fc.dictionary(fc.constantFrom('path', 'text', 'items', '__proto__'), tie('any')),
  }));
  fc.assert(
    fc.property(value.any, (any) => {
      expect(JSON.stringify(argumentShape('tools/call', { arguments: any }))).not.toContain('sk~');
    }),
  );
});

test('a resource is named without what its URI may hide', () => {
  const uri = (text: string) => targetOf('resources/read', { uri: text });
  expect(uri('https://bob:pass@host/a/b?token=t#f')).toBe('https://host/a/b');
  expect(uri('file:///etc/hosts')).toBe('file:///etc/hosts');
  expect(uri('data:text/plain,secret')).toBe('data:');
  expect(uri(`file:///${'x'.repeat(500)}`)).toHaveLength(256);
  expect(targetOf('tools/call', { name: 'n'.repeat(500) })).toHaveLength(128);
});
