import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { whyUnreadable } from '../unreadable.ts';

/** A file that was named on the command line. Throws UsageError. */
export async function readNamed(path: string, suggestions: readonly string[]): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${path} can't be read: ${whyUnreadable(error)}.`, {
      code: 'FILE_UNREADABLE',
      suggestions: [...suggestions],
      cause: error,
    });
  }
}
