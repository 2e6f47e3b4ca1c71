const newline = 0x0a;
const carriageReturn = 0x0d;
const empty = Buffer.alloc(0);

interface LineOptions {
  /** The longest line in bytes, its end not counted. */
  readonly maxBytes: number;
  /** One line without its end (LF or CRLF); blank lines are left out. */
  readonly onLine: (line: Buffer) => void;
  /** A line passed the maximum; `head` is its beginning. The rest is skipped up to the next LF. */
  readonly onTooLong: (head: Buffer) => void;
}

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** The stream ended: hands over what was written after the last LF. */
  end(): void;
}

/**
 * Cuts a byte stream into lines in linear time. It works on bytes, since LF is never part of a
 * multi-byte UTF-8 character, so a chunk may end anywhere. A line is a view of the chunk it came in:
 * copy it to keep it.
 */
export function splitLines({ maxBytes, onLine, onTooLong }: LineOptions): LineSplitter {
  let parts: Buffer[] = [];
  let size = 0;
  let isSkipping = false;

  const take = (): Buffer => {
    const line = parts.length === 1 ? (parts[0] ?? empty) : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    return line;
  };

  const add = (part: Buffer): void => {
    if (isSkipping || part.length === 0) return;
    const room = maxBytes - size;
    const fitting = part.length > room ? part.subarray(0, room) : part;
    parts.push(fitting);
    size += fitting.length;
    if (fitting === part) return;
    isSkipping = true;
    onTooLong(take());
  };

  const finish = (): void => {
    if (isSkipping) {
      isSkipping = false;
      return;
    }
    const line = take();
    const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length;
    if (end > 0) onLine(end === line.length ? line : line.subarray(0, end));
  };

  return {
    push: (chunk) => {
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(newline, start);
        if (end === -1) return add(start === 0 ? chunk : chunk.subarray(start));
        add(chunk.subarray(start, end));
        finish();
        start = end + 1;
      }
    },
    end: finish,
  };
}

/**
 * Brings one JSON text onto one line by dropping CR and LF. In valid JSON they occur between tokens
 * only, where dropping them joins nothing, so every string and number keeps its bytes.
 */
export function toSingleLine(json: Buffer): Buffer {
  if (!json.includes(newline) && !json.includes(carriageReturn)) return json;
  const line = Buffer.allocUnsafe(json.length);
  let size = 0;
  for (const byte of json) {
    if (byte !== newline && byte !== carriageReturn) line[size++] = byte;
  }
  return line.subarray(0, size);
}
