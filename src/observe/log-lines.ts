import type { LogChunk } from '../engine/engine.ts';

export interface LogLine {
  readonly stream: LogChunk['stream'];
  /** RFC 3339, as the engine wrote it; empty when it wrote none. */
  readonly time: string;
  readonly line: string;
}

// The engine cuts longer lines into messages of this size; a shorter one is the last of its line, even
// without a newline, which some log drivers lose there.
const pieceBytes = 16 * 1024;
const newline = 0x0a;

/**
 * Whole lines of a log that the engine was asked to stamp with times, which it does at the start of each
 * message. Holds one unfinished line per stream, of at most `maxBytes`; a longer one is passed on in parts.
 */
export async function* logLines(
  chunks: AsyncIterable<LogChunk>,
  maxBytes = 2 ** 20,
): AsyncGenerator<LogLine> {
  const unfinished = { stdout: emptyLine(), stderr: emptyLine() };
  for await (const { stream, data, ends } of chunks) {
    const pending = unfinished[stream];
    pending.message.push(data);
    if (!ends) continue;
    const { time, content } = readMessage(pending.message);
    pending.message = [];
    if (pending.pieces.length === 0) pending.time = time;
    pending.pieces.push(content);
    pending.bytes += content.length;
    const isWhole = content.at(-1) === newline || content.length < pieceBytes;
    if (!isWhole && pending.bytes < maxBytes) continue;
    unfinished[stream] = emptyLine();
    yield toLine(stream, pending);
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    if (unfinished[stream].pieces.length > 0) yield toLine(stream, unfinished[stream]);
  }
}

interface UnfinishedLine {
  /** Slices of the message that is being received. */
  message: Buffer[];
  pieces: Buffer[];
  bytes: number;
  /** Of the first piece. */
  time: string;
}

function emptyLine(): UnfinishedLine {
  return { message: [], pieces: [], bytes: 0, time: '' };
}

function readMessage(slices: readonly Buffer[]): { time: string; content: Buffer } {
  const message = Buffer.concat(slices);
  const [stamp = '', time = ''] = stampPattern.exec(message.toString('latin1', 0, 40)) ?? [];
  return { time, content: message.subarray(stamp.length) };
}

const stampPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;

function toLine(stream: LogChunk['stream'], { time, pieces }: UnfinishedLine): LogLine {
  // Programs that think they write to a terminal end lines with CR LF.
  const line = Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  return { stream, time, line };
}

/** Orders two times of the engine, which leaves out trailing zeros of the fraction. */
export function compareTimes(a: string, b: string): number {
  const [left, right] = [sortable(a), sortable(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortable(time: string): string {
  const [seconds = '', fraction = ''] = time.replace('Z', '').split('.');
  return `${seconds}.${fraction.padEnd(9, '0')}`;
}
