import { Transform } from 'node:stream';
import { scanArray } from '../mcp/scan.ts';
import type { Refine } from './policy/guard.ts';

/** What a stream said that can't be read as events, or above the bound. */
class UnreadableStream extends Error {}

const newline = 0x0a;
const returned = 0x0d;

/** Refines an answer that is one JSON text: a message, or an array of them. */
export function refineJson(json: Buffer, refine: Refine): Buffer {
  const elements = scanArray(json);
  if (!elements) return refine(json);
  const parts = elements.flatMap(({ from, to }) => [
    Buffer.from(','),
    refine(json.subarray(from, to)),
  ]);
  return Buffer.concat([Buffer.from('['), ...parts.slice(1), Buffer.from(']')]);
}

/**
 * Refines an answer that is an event stream, event by event; an event that stays the same keeps its bytes.
 * An event above `mostBytes` ends the stream.
 */
export function refineEvents(refine: Refine, mostBytes: number): Transform {
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = endOfEvent(rest); end !== -1; end = endOfEvent(rest)) {
        this.push(refineEvent(rest.subarray(0, end), refine));
        rest = rest.subarray(end);
      }
      done(rest.length > mostBytes ? new UnreadableStream() : null);
    },
    // What has no blank line behind it is no event: nobody may read it as one.
    flush: (done) => done(),
  });
}

/** Behind the first blank line, whichever of the line ends it is of; -1 when there is none yet. */
function endOfEvent(bytes: Buffer): number {
  let isAtStart = true;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte !== newline && byte !== returned) {
      isAtStart = false;
      continue;
    }
    // A CR at the end of a chunk may be half of a CRLF.
    if (byte === returned && at + 1 === bytes.length) return -1;
    if (byte === returned && bytes[at + 1] === newline) at += 1;
    if (isAtStart) return at + 1;
    isAtStart = true;
  }
  return -1;
}

function refineEvent(event: Buffer, refine: Refine): Buffer {
  const lines = event
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/);
  const data = lines.filter((line) => /^data(:|$)/.test(line));
  if (data.length === 0) return event;
  const message = Buffer.from(data.map((line) => line.replace(/^data:? ?/, '')).join('\n'));
  const refined = refine(message);
  if (refined === message) return event;
  const others = lines.filter((line) => line !== '' && !/^data(:|$)/.test(line));
  const said = refined.toString('utf8').split('\n');
  return Buffer.from([...others, ...said.map((line) => `data: ${line}`), '', ''].join('\n'));
}
