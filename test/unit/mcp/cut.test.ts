import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cut } from '../../../src/mcp/cut.ts';
import { edit } from '../../../src/mcp/edit.ts';
import { scanArray } from '../../../src/mcp/scan.ts';

const without = (json: string, isKept: (index: number) => boolean): string => {
  const bytes = Buffer.from(json);
  return edit(bytes, cut(scanArray(bytes) ?? [], isKept)).toString();
};

test('elements go with their commas, and the others keep their bytes', () => {
  const json = '[ 1 ,\t"é" , {"a": [ ] } ]';
  expect(without(json, (index) => index !== 0)).toBe('[ "é" , {"a": [ ] } ]');
  expect(without(json, (index) => index !== 1)).toBe('[ 1 , {"a": [ ] } ]');
  expect(without(json, (index) => index !== 2)).toBe('[ 1 ,\t"é" ]');
  expect(without(json, () => false)).toBe('[  ]');
  expect(without(json, () => true)).toBe(json);
});

test('what is left is what a parser would keep', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.jsonValue(), fc.boolean())), (elements) => {
      const json = JSON.stringify(elements.map(([value]) => value));
      const kept = without(json, (index) => elements[index]?.[1] === true);
      const expected = elements.filter(([, isKept]) => isKept).map(([value]) => value);
      expect(kept).toBe(JSON.stringify(expected));
    }),
  );
});
