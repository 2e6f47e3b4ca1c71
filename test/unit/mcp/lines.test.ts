import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitLines, toSingleLine } from '../../../src/mcp/lines.ts';

function split(chunks: Buffer[], maxBytes = 1000): { lines: string[]; heads: string[] } {
  const lines: string[] = [];
  const heads: string[] = [];
  const splitter = splitLines({
    maxBytes,
    onLine: (line) => lines.push(line.toString('utf8')),
    onTooLong: (head) => heads.push(head.toString('utf8')),
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return { lines, heads };
}

/** Cuts bytes at the given places, wherever in a character they fall. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted(
    (one, other) => one - other,
  );
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}

const line = fc
  .string({ unit: 'binary' })
  .map((text) => text.replaceAll(/[\r\n]/g, '').toWellFormed());

test('lines come out whole, wherever the chunks are cut', () => {
  const places = fc.array(fc.nat(), { maxLength: 20 });
  const ends = fc.constantFrom('\n', '\r\n');
  fc.assert(
    fc.property(fc.array(line), ends, places, (texts, end, at) => {
      const bytes = Buffer.from(texts.map((text) => text + end).join(''));
      expect(split(cut(bytes, at), 1e6).lines).toEqual(texts.filter((text) => text !== ''));
    }),
  );
});

test('what follows the last newline comes out at the end', () => {
  expect(split([Buffer.from('one\ntwo')]).lines).toEqual(['one', 'two']);
});

test('other line separators are no ends', () => {
  expect(split([Buffer.from('a\u2028b\u2029c\u0085d\re\n')]).lines).toEqual([
    'a\u2028b\u2029c\u0085d\re',
  ]);
});

test('a line of the maximum passes; a longer one is cut, reported once, and the next is read', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 10 }), (at) => {
      const bytes = Buffer.from(`12345\n123456789\n1234\n${'x'.repeat(50)}`);
      expect(split(cut(bytes, at), 5)).toEqual({
        lines: ['12345', '1234'],
        heads: ['12345', 'xxxxx'],
      });
    }),
  );
});

test('many small chunks take time in proportion', () => {
  const chunk = Buffer.alloc(16, 'x');
  const time = (count: number): number => {
    const started = performance.now();
    const chunks = Array.from({ length: count }, () => chunk);
    expect(split([...chunks, Buffer.from('\n')], 1e9).lines[0]).toHaveLength(16 * count);
    return performance.now() - started;
  };
  time(20_000);
  // Quadratic time would be 16 times as long, or more.
  expect(time(200_000)).toBeLessThan(Math.max(50, time(12_500) * 16 * 8));
});

test('a JSON text on several lines becomes one with the same value and the same strings', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.constantFrom('\t', 1, 4), (text, indent) => {
      const value: unknown = JSON.parse(text);
      const pretty = JSON.stringify(value, undefined, indent);
      const single = toSingleLine(Buffer.from(pretty.replaceAll('\n', '\r\n'))).toString('utf8');
      expect(single).not.toMatch(/[\r\n]/);
      expect(JSON.parse(single)).toEqual(value);
    }),
  );
});

test('a JSON text on one line is left as it is', () => {
  const json = Buffer.from('{"a" : "\\n\u2028"}');
  expect(toSingleLine(json)).toBe(json);
});
