import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demultiplex } from '../../../src/engine/docker/logs.ts';

function frame(stream: 1 | 2, data: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function* inChunksOf(size: number, bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('demultiplex', () => {
  it('gives back each stream whatever the chunk boundaries', async () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.uint8Array()));
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 64 }), async (input, size) => {
        const bytes = Buffer.concat(
          input.map(([stream, data]) => frame(stream, Buffer.from(data))),
        );
        const out: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
        for await (const { stream, data } of demultiplex(inChunksOf(size, bytes))) {
          out[stream].push(Buffer.from(data));
        }
        for (const [name, number] of [
          ['stdout', 1],
          ['stderr', 2],
        ] as const) {
          const expected = input.filter(([stream]) => stream === number).map(([, data]) => data);
          expect(Buffer.concat(out[name])).toEqual(Buffer.concat(expected));
        }
      }),
    );
  });
});
