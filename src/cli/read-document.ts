import { dirname, resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { DocumentText } from '../apply/open.ts';
import { unread } from '../stdin.ts';
import { readNamed } from './read-named.ts';

interface Options {
  readonly signal: AbortSignal;
  readonly stdin?: NodeJS.ReadStream;
}

/** Reads a document from a file, or with `-` from stdin, whose relative paths begin where the command runs. */
export async function readDocument(
  from: string,
  { signal, stdin = process.stdin }: Options,
): Promise<DocumentText> {
  if (from === '-') {
    const bytes = await buffer(addAbortSignal(signal, unread(stdin)));
    return { name: 'stdin', bytes, folder: process.cwd() };
  }
  const bytes = await readNamed(from, {
    suggestions: [`mcpd export > ${from}, to begin with what there is`, 'mcpd apply -f -'],
  });
  return { name: from, bytes, folder: dirname(resolve(from)) };
}
