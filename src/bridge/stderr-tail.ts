import { splitLines } from '../mcp/lines.ts';

const longestLine = 4096;
const keptLines = 5;
const keptCharacters = 400;
/** A frame of a stack, JavaScript's or V8's own. Ten of them would push out the error they belong to. */
const frame = /^ +at |^ *\d+: 0x/;

interface StderrOptions {
  readonly clean: (text: string) => string;
  /** Each cleaned line, cut at 4 KiB. */
  readonly print: (line: string) => void;
}

export interface StderrTail {
  push(chunk: Buffer): void;
  /** The last lines but for stack frames, each shortened, for an error message. */
  last(): readonly string[];
}

/** Prints what a server says on stderr and remembers its end. */
export function followStderr({ clean, print }: StderrOptions): StderrTail {
  const kept: string[] = [];
  const take = (line: string): void => {
    if (line.trim() === '') return;
    print(line);
    if (frame.test(line)) return;
    kept.push(line.length > keptCharacters ? `${line.slice(0, keptCharacters)}…` : line);
    if (kept.length > keptLines) kept.shift();
  };
  const lines = splitLines({
    maxBytes: longestLine,
    onLine: (line) => take(clean(line.toString('utf8'))),
    onTooLong: (head) => take(`${clean(head.toString('utf8'))}…`),
  });
  return {
    push: lines.push,
    last: () => {
      lines.end();
      return [...kept];
    },
  };
}
