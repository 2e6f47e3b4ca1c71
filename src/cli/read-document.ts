import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { DocumentText } from '../apply/open.ts';
import { UsageError } from '../errors.ts';
import { whyUnreadable } from '../unreadable.ts';

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
    const bytes = await buffer(addAbortSignal(signal, stdin));
    return { name: 'stdin', bytes, folder: process.cwd() };
  }
  return { name: from, bytes: await readNamed(from), folder: dirname(resolve(from)) };
}

async function readNamed(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${whyUnreadable(error)}.`, {
      code: 'FILE_UNREADABLE',
      suggestions: [`mcpd export > ${path}, to begin with what there is`, 'mcpd apply -f -'],
      cause: error,
    });
  }
}
