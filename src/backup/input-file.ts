import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { UsageError } from '../errors.ts';
import { unread } from '../stdin.ts';
import { whyUnreadable } from '../unreadable.ts';

interface Input {
  readonly stdin: Readable;
  readonly signal: AbortSignal;
}

/** Opens a file for reading; `-` is stdin. Throws UsageError for one that can't be read. */
export async function openBackupFile(file: string, { stdin, signal }: Input): Promise<Readable> {
  if (file === '-') return addAbortSignal(signal, unread(stdin));
  try {
    return addAbortSignal(signal, await openStream(file));
  } catch (cause) {
    throw new UsageError(`${file} can't be read: ${whyUnreadable(cause)}.`, {
      code: 'FILE_UNREADABLE',
      suggestions: ['Name a backup that you can read, or - for stdin.'],
      cause,
    });
  }
}

async function openStream(file: string): Promise<Readable> {
  const handle = await open(file);
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
  }
  return handle.createReadStream({ highWaterMark: 2 ** 18 });
}
