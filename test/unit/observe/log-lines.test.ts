import { describe, expect, test } from 'vitest';
import type { LogChunk } from '../../../src/engine/engine.ts';
import { compareTimes, logLines } from '../../../src/observe/log-lines.ts';

const stamp = '2026-11-21T01:30:43.425522526Z';

async function* chunks(...parts: (string | [LogChunk['stream'], string])[]) {
  for (const part of parts) {
    const [stream, text] = typeof part === 'string' ? (['stdout', part] as const) : part;
    yield { stream, data: Buffer.from(text) };
  }
}

async function linesOf(...parts: Parameters<typeof chunks>): Promise<string[]> {
  return (await Array.fromAsync(logLines(chunks(...parts)))).map(({ line }) => line);
}

describe('logLines', () => {
  test('takes the engine’s time off each line', async () => {
    const lines = await Array.fromAsync(logLines(chunks(`${stamp} one\n${stamp} two words\n`)));
    expect(lines).toEqual([
      { stream: 'stdout', time: stamp, line: 'one' },
      { stream: 'stdout', time: stamp, line: 'two words' },
    ]);
  });

  test('puts a line together that came in pieces, also within a character', async () => {
    const bytes = Buffer.from(`${stamp} grün\n`);
    const cut = bytes.indexOf(0xc3) + 1;
    async function* halves() {
      yield { stream: 'stdout' as const, data: bytes.subarray(0, cut) };
      yield { stream: 'stdout' as const, data: bytes.subarray(cut) };
    }
    expect((await Array.fromAsync(logLines(halves()))).map(({ line }) => line)).toEqual(['grün']);
  });

  test('keeps the unfinished lines of the two streams apart', async () => {
    expect(await linesOf('out ', ['stderr', 'err '], 'put\n', ['stderr', 'or\n'])).toEqual([
      'out put',
      'err or',
    ]);
  });

  test('gives the last line even without its newline', async () => {
    expect(await linesOf(`${stamp} a\n${stamp} unfinished`)).toEqual(['a', 'unfinished']);
  });

  test('keeps empty lines', async () => {
    expect(await linesOf(`${stamp} \n${stamp} b\n`)).toEqual(['', 'b']);
  });

  test('takes out the times that the engine puts into a long line every 16 KiB', async () => {
    const piece = 'x'.repeat(16 * 1024);
    const text = `${stamp} ${piece}${stamp} ${piece}${stamp} end\n`;
    expect(await linesOf(text)).toEqual([`${piece}${piece}end`]);
  });

  test('passes a line without end on in parts rather than keep it all', async () => {
    async function* endless() {
      for (let i = 0; i < 8; i += 1)
        yield { stream: 'stdout' as const, data: Buffer.alloc(1024, 'x') };
    }
    const lines = await Array.fromAsync(logLines(endless(), 2048));
    expect(lines.map(({ line }) => line.length)).toEqual([2048, 2048, 2048, 2048]);
  });
});

test('compareTimes orders times whose fractions have lost their trailing zeros', () => {
  const times = ['2026-01-01T00:00:00.1Z', '2026-01-01T00:00:00.02Z', '2026-01-01T00:00:00Z'];
  expect(times.toSorted(compareTimes)).toEqual(times.toReversed());
  expect(compareTimes('2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.500000000Z')).toBe(0);
});
