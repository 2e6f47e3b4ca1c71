import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { UsageError } from '../errors.ts';

interface Input {
  readonly stdin: Readable;
  readonly signal: AbortSignal;
}

/** Opens a file for reading; `-` is stdin. Throws UsageError for one that can't be read. */
export async function openBackupFile(file: string, { stdin, signal }: Input): Promise<Readable> {
  if (file === '-') return addAbortSignal(signal, stdin);
  const stream = createReadStream(file, { highWaterMark: 2 ** 18 });
  try {
    await once(stream, 'ready');
  } catch (cause) {
    throw new UsageError(`${file} can't be read: ${(cause as NodeJS.ErrnoException).code}.`, {
      code: 'FILE_UNREADABLE',
      suggestions: ['Name a backup that you can read, or - for stdin.'],
      cause,
    });
  }
  return addAbortSignal(signal, stream);
}
