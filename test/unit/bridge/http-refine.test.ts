import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refineEvents, refineJson } from '../../../src/bridge/http-refine.ts';

const shout = (json: Buffer): Buffer =>
  json.includes('hidden') ? Buffer.from(json.toString().replaceAll('hidden', 'gone')) : json;

const refined = (chunks: Iterable<Buffer>, mostBytes = 1000): Promise<string> =>
  text(Readable.from(chunks).pipe(refineEvents(shout, mostBytes)));

const events = [
  ['\n', ':\n\nid: 1\nevent: message\ndata: {"a":\ndata: "hidden"}\n\ndata: é\n\n'],
  [
    '\r\n',
    ':\r\n\r\nid: 1\r\nevent: message\r\ndata: {"a":\r\ndata: "hidden"}\r\n\r\ndata: é\r\n\r\n',
  ],
  ['\r', ':\r\rid: 1\revent: message\rdata: {"a":\rdata: "hidden"}\r\rdata: é\r\r'],
] as const;

test.each(events)(
  'an event is refined wherever its chunks end, and the others keep their bytes: %j',
  async (end, stream) => {
    const bytes = Buffer.from(`${stream}:${end}`);
    const expected = `:${end}${end}id: 1\nevent: message\ndata: {"a":\ndata: "gone"}\n\ndata: é${end}${end}`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
        expect(await refined(chunks.filter(({ length }) => length > 0))).toBe(expected);
      }),
    );
  },
);

test('a byte order mark hides no event', async () => {
  expect(await refined([Buffer.from('\uFEFFdata: hidden\n\n')])).not.toContain('hidden');
});

test('what has no end is not passed on', async () => {
  expect(await refined([Buffer.from('data: hidden')])).toBe('');
});

test('an event above the bound ends the stream', async () => {
  const stream = Readable.from([Buffer.alloc(20, 'x')]).pipe(refineEvents(shout, 10));
  await expect(text(stream)).rejects.toThrow(Error);
});

test('each message of an array is refined', () => {
  expect(refineJson(Buffer.from('[ 1, "hidden" ]'), shout).toString()).toBe('[1,"gone"]');
  expect(refineJson(Buffer.from('{"a":1} '), shout).toString()).toBe('{"a":1} ');
});
