import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { CancelledError } from '../errors.ts';
import { unread } from '../stdin.ts';
import { readNamed } from './read-named.ts';

export interface ValueSource {
  /** `@file` or `file`; `-`: stdin. Undefined: stdin too, asked for on a terminal without echo. */
  readonly from: string | undefined;
  /** What is read, for messages: `GITHUB_TOKEN`. */
  readonly label: string;
  readonly signal: AbortSignal;
  readonly stdin?: NodeJS.ReadStream;
  readonly stderr?: NodeJS.WriteStream;
}

/** Reads what may not stand on a command line: from a file, a pipe, or a terminal that doesn't echo. */
export async function readValue(source: ValueSource): Promise<Uint8Array> {
  const { from, stdin = process.stdin, stderr = process.stderr } = source;
  if (from !== undefined && from !== '-' && from !== '@-') {
    return readFrom(from);
  }
  if (!stdin.isTTY) return buffer(addAbortSignal(source.signal, unread(stdin)));
  stderr.write(`${source.label} (not shown): `);
  try {
    return await readUnseen(stdin, source.signal);
  } finally {
    stderr.write('\n');
  }
}

/** What stands without `@` may be the value itself, and isn't repeated when there is no such file. */
function readFrom(from: string): Promise<Uint8Array> {
  const suggestions = ['Name a file that you can read, as @FILE, or - for stdin.'];
  if (from.startsWith('@')) return readNamed(from.slice(1), { suggestions });
  return readNamed(from, { suggestions, name: 'What was given as a file' });
}

const enter = new Set(['\r', '\n', '\u0004']);
const erase = new Set(['\u007f', '\b']);

/** One line of a terminal in raw mode, so that it isn't echoed. */
async function readUnseen(stdin: NodeJS.ReadStream, signal: AbortSignal): Promise<Uint8Array> {
  const typed: string[] = [];
  stdin.setRawMode(true).setEncoding('utf8');
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      for (const character of String(chunk)) {
        if (enter.has(character)) return Buffer.from(typed.join(''));
        if (character === '\u0003') throw interrupted();
        if (erase.has(character)) typed.pop();
        else typed.push(character);
      }
      signal.throwIfAborted();
    }
    return Buffer.from(typed.join(''));
  } finally {
    stdin.setRawMode(false).pause();
  }
}

function interrupted(): CancelledError {
  return new CancelledError('Interrupted.', { code: 'INTERRUPTED' });
}
