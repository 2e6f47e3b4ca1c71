import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Where a line lies in the buffer: from `start` up to `end`, its newline left out. */
export type VisitLine = (buffer: Buffer, start: number, end: number) => void;

/** A longer line is none of ours; what comes from it on is left out. */
const mostBytes = 2 ** 25;

/** Reads one file after another through one buffer, which grows to the longest line. */
export class LineReader {
  #buffer: Buffer = Buffer.allocUnsafe(2 ** 17);

  /**
   * Calls `visit` with each whole line from the byte `from` on; a last one without its newline is still
   * being written and is left out. Gives where it ended. A file that is not there has no lines.
   */
  read(path: string, visit: VisitLine, from = 0): number {
    return withFile(path, (file) => this.#lines(file, visit, from)) ?? from;
  }

  /**
   * The same with the lines that `isWanted`, in a file where they all come after those that are not, and perhaps
   * some that are not. What it leaves out costs a few reads, however long it is.
   */
  readWanted(path: string, isWanted: (line: string) => boolean, visit: VisitLine): void {
    withFile(path, (file) => this.#lines(file, visit, this.#seek(file, isWanted)));
  }

  #lines(file: number, visit: VisitLine, from: number): number {
    let position = from;
    let held = 0;
    for (;;) {
      const room = this.#buffer.length - held;
      const got = readSync(file, this.#buffer, held, room, position + held);
      if (got === 0) return position;
      const filled = held + got;
      let start = 0;
      for (;;) {
        const end = this.#buffer.indexOf(10, start);
        if (end === -1 || end >= filled) break;
        visit(this.#buffer, start, end);
        start = end + 1;
      }
      position += start;
      held = filled - start;
      if (start > 0) this.#buffer.copyWithin(0, start, filled);
      else if (filled === mostBytes) return position;
      else if (filled === this.#buffer.length) this.#grow();
    }
  }

  /** Where they begin, or an earlier line does. */
  #seek(file: number, isWanted: (line: string) => boolean): number {
    const { size } = fstatSync(file);
    for (let span = this.#buffer.length; span < size; span *= 4) {
      const from = size - span;
      const got = readSync(file, this.#buffer, 0, this.#buffer.length, from);
      const start = this.#buffer.indexOf(10) + 1;
      const end = this.#buffer.indexOf(10, start);
      const isWhole = start > 0 && end !== -1 && end < got;
      if (isWhole && !isWanted(this.#buffer.toString('utf8', start, end))) return from + start;
    }
    return 0;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#buffer.length * 2);
    this.#buffer.copy(larger);
    this.#buffer = larger;
  }
}

function withFile<Result>(path: string, use: (file: number) => Result): Result | undefined {
  let file;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}
