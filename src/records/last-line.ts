import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** No line is longer, by far. */
const tailBytes = 2 ** 17;

/** The last line of a file; undefined when it has none. */
export function lastLine(file: string): string | undefined {
  const fd = openSync(file, 'r');
  try {
    const lines = readTail(fd).text.split('\n');
    return lines.findLast((line) => line !== '');
  } finally {
    closeSync(fd);
  }
}

/** The time of a file's first line, in ms; undefined when it has none. */
export function firstTime(file: string): number | undefined {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(64);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    const [, time = ''] = /^\{"time":"([^"]+)"/.exec(bytes.toString('latin1', 0, length)) ?? [];
    // One that can't be read is as old as can be.
    return length === 0 ? undefined : Date.parse(time) || 0;
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes a file that is appended to end with a whole line. What a crash left of a line is cut off; if
 * `isWhole` says that only its newline is missing, it gets one.
 */
export function mendEnd(file: string, isWhole: (line: string) => boolean): void {
  const fd = openSync(file, 'r+');
  try {
    const { text, size } = readTail(fd);
    if (size === 0 || text.endsWith('\n')) return;
    const rest = text.slice(text.lastIndexOf('\n') + 1);
    if (isWhole(rest)) writeSync(fd, '\n', size);
    else ftruncateSync(fd, size - Buffer.byteLength(rest, 'latin1'));
  } finally {
    closeSync(fd);
  }
}

/** As latin1, so that lengths are bytes. */
function readTail(fd: number): { text: string; size: number } {
  const { size } = fstatSync(fd);
  const length = Math.min(size, tailBytes);
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, size - length);
  return { text: bytes.toString('latin1'), size };
}
