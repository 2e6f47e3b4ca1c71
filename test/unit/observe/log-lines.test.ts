import { describe, expect, test } from 'vitest';
import type { LogChunk } from '../../../src/engine/engine.ts';
import { compareTimes, logLines } from '../../../src/observe/log-lines.ts';

const stamp = '2026-11-21T01:30:43.425522526Z';

type Message = string | [LogChunk['stream'], string];

/** Messages as an engine sends them, each cut into slices of at most `size` bytes. */
async function* chunks(messages: readonly Message[], size = Infinity): AsyncGenerator<LogChunk> {
  for (const message of messages) {
    const [stream, text] = typeof message === 'string' ? (['stdout', message] as const) : message;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) {
      const data = bytes.subarray(at, at + size);
      yield { stream, data, ends: at + size >= bytes.length };
    }
  }
}

async function linesOf(messages: readonly Message[], size?: number): Promise<string[]> {
  return (await Array.fromAsync(logLines(chunks(messages, size)))).map(({ line }) => line);
}

const piece = 'x'.repeat(16 * 1024);

describe('logLines', () => {
  test.each([Infinity, 7, 1])(
    'takes the engine’s time off each line, in slices of %s',
    async (size) => {
      const messages = [`${stamp} one\n`, `${stamp} two grün\n`];
      expect(await Array.fromAsync(logLines(chunks(messages, size)))).toEqual([
        { stream: 'stdout', time: stamp, line: 'one' },
        { stream: 'stdout', time: stamp, line: 'two grün' },
      ]);
    },
  );

  test('keeps the unfinished lines of the two streams apart', async () => {
    const messages: Message[] = [
      `${stamp} ${piece}`,
      ['stderr', `${stamp} problem\n`],
      `${stamp} end\n`,
    ];
    expect(await linesOf(messages)).toEqual(['problem', `${piece}end`]);
  });

  test('puts a long line together from the pieces that the engine stamps one by one', async () => {
    const messages = [`${stamp} ${piece}`, `${stamp} ${piece}`, `${stamp} end\n`, `${stamp} z\n`];
    expect(await linesOf(messages, 1000)).toEqual([`${piece}${piece}end`, 'z']);
  });

  test('ends a long line at its last piece also where the log driver lost the newline', async () => {
    const messages = [`${stamp} ${piece}`, `${stamp} end`, `${stamp} ${piece}`, `${stamp} `, 'z\n'];
    expect(await linesOf(messages)).toEqual([`${piece}end`, piece, 'z']);
  });

  test('leaves times alone that a program writes itself', async () => {
    expect(await linesOf([`${stamp} ${stamp} mine\n`])).toEqual([`${stamp} mine`]);
  });

  test('gives the last line even without its newline, and keeps empty ones', async () => {
    expect(await linesOf([`${stamp} \n`, `${stamp} a\r\n`, `${stamp} cut off`])).toEqual([
      '',
      'a',
      'cut off',
    ]);
  });

  test('passes a line without end on in parts rather than keep it all', async () => {
    const messages = Array.from({ length: 4 }, () => piece);
    const lines = await Array.fromAsync(logLines(chunks(messages), 2 * piece.length));
    expect(lines.map(({ line }) => line.length)).toEqual([2 * piece.length, 2 * piece.length]);
  });
});

test('compareTimes orders times whose fractions have lost their trailing zeros', () => {
  const times = ['2026-01-01T00:00:00.1Z', '2026-01-01T00:00:00.02Z', '2026-01-01T00:00:00Z'];
  expect(times.toSorted(compareTimes)).toEqual(times.toReversed());
  expect(compareTimes('2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.500000000Z')).toBe(0);
});
