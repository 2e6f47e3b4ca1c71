import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
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

test('any bytes, cut anywhere, give the lines that a simple split gives', () => {
  const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x61), fc.nat(255));
  const bytes = fc.array(byte, { maxLength: 200 }).map((all) => Buffer.from(all));
  const places = fc.array(fc.nat(), { maxLength: 20 });
  fc.assert(
    fc.property(bytes, places, fc.integer({ min: 1, max: 50 }), (text, at, maxBytes) => {
      const got: [what: string, line: string][] = [];
      const splitter = splitLines({
        maxBytes,
        onLine: (one) => got.push(['line', one.toString('latin1')]),
        onTooLong: (head) => got.push(['too long', head.toString('latin1')]),
      });
      for (const chunk of cut(text, at)) splitter.push(chunk);
      splitter.end();
      expect(got).toEqual(simpleSplit(text.toString('latin1'), maxBytes));
    }),
    { numRuns: 1000 },
  );
});

function simpleSplit(text: string, maxBytes: number): [what: string, line: string][] {
  return text.split('\n').flatMap((raw): [string, string][] => {
    if (raw.length > maxBytes) return [['too long', raw.slice(0, maxBytes)]];
    const whole = raw.replace(/\r$/, '');
    return whole === '' ? [] : [['line', whole]];
  });
}

test('however a long line is cut, each byte is searched once and copied once', () => {
  const { concat } = Buffer;
  const { indexOf } = Buffer.prototype;
  let [searched, copied] = [0, 0];
  vi.spyOn(Buffer, 'concat').mockImplementation((parts, size) => {
    const whole = concat(parts, size);
    copied += whole.length;
    return whole;
  });
  vi.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (this: Buffer, what, from) {
    const found = indexOf.call(this, what, from);
    searched += (found === -1 ? this.length : found + 1) - Number(from);
    return found;
  });
  const small = Array.from({ length: 20_000 }, () => 'x'.repeat(16));
  const chunks = [...small, '\n', 'a\n'.repeat(5000)].map((text) => Buffer.from(text));
  expect(split(chunks, 1e9).lines).toHaveLength(5001);
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  expect(searched).toBe(size);
  expect(copied).toBe(20_000 * 16);
});

test('any bytes come onto one line by losing CR and LF and nothing else', () => {
  const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte), (bytes) => {
      const left = bytes.filter((one) => one !== 0x0a && one !== 0x0d);
      expect([...toSingleLine(Buffer.from(bytes))]).toEqual(left);
    }),
  );
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
