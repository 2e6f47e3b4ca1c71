import { splitLines } from '../mcp/lines.ts';

const longestLine = 4096;
const keptLines = 5;
const keptCharacters = 400;

interface StderrOptions {
  readonly clean: (text: string) => string;
  /** Each cleaned line, cut at 4 KiB. */
  readonly print: (line: string) => void;
}

export interface StderrTail {
  push(chunk: Buffer): void;
  /** The last lines, each shortened, for an error message. */
  last(): readonly string[];
}

/** Prints what a server says on stderr and remembers its end. */
export function followStderr({ clean, print }: StderrOptions): StderrTail {
  const kept: string[] = [];
  const take = (line: string): void => {
    if (line.trim() === '') return;
    print(line);
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
