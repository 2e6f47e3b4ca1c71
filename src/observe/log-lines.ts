import type { LogChunk } from '../engine/engine.ts';

export interface LogLine {
  readonly stream: LogChunk['stream'];
  /** RFC 3339, as the engine wrote it; empty when it wrote none. */
  readonly time: string;
  readonly line: string;
}

// The engine cuts longer lines into pieces of this size, and puts a time before each piece.
const pieceBytes = 16 * 1024;
const newline = 0x0a;
const longestStamp = 40;

/**
 * Whole lines of a log that the engine was asked to stamp with times. Holds one unfinished line per
 * stream, of at most `maxBytes`; a longer one is passed on in parts.
 */
export async function* logLines(
  chunks: AsyncIterable<LogChunk>,
  maxBytes = 2 ** 20,
): AsyncGenerator<LogLine> {
  const unfinished = {
    stdout: { parts: [] as Buffer[], bytes: 0 },
    stderr: { parts: [] as Buffer[], bytes: 0 },
  };
  for await (const { stream, data } of chunks) {
    const pending = unfinished[stream];
    let from = 0;
    for (let end = data.indexOf(newline); end !== -1; end = data.indexOf(newline, from)) {
      yield toLine(stream, [...pending.parts, data.subarray(from, end)]);
      pending.parts = [];
      pending.bytes = 0;
      from = end + 1;
    }
    if (from === data.length) continue;
    pending.parts.push(data.subarray(from));
    pending.bytes += data.length - from;
    if (pending.bytes >= maxBytes) {
      yield toLine(stream, pending.parts);
      pending.parts = [];
      pending.bytes = 0;
    }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const { parts } = unfinished[stream];
    if (parts.length > 0) yield toLine(stream, parts);
  }
}

function toLine(stream: LogChunk['stream'], parts: readonly Buffer[]): LogLine {
  const raw = Buffer.concat(parts);
  const time = stampAt(raw, 0);
  const pieces: Buffer[] = [];
  for (let at = 0; at < raw.length;) {
    const start = at + stampAt(raw, at).length;
    const from = start > at ? start + 1 : at;
    at = from + pieceBytes;
    pieces.push(raw.subarray(from, at));
  }
  // Programs that think they write to a terminal end lines with CR LF.
  const line = Buffer.concat(pieces).toString('utf8').replace(/\r$/, '');
  return { stream, time, line };
}

/** The time that stands at an offset, with a space after it; '' when there is none. */
function stampAt(raw: Buffer, at: number): string {
  const text = raw.toString('latin1', at, at + longestStamp);
  return /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /.exec(text)?.[1] ?? '';
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
