import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { whyUnreadable } from '../unreadable.ts';

interface Told {
  readonly suggestions: readonly string[];
  /** What to call it when it can't be read; its path, if not said. */
  readonly name?: string;
}

/** A file that was named on the command line. Throws UsageError. */
export async function readNamed(
  path: string,
  { suggestions, name = path }: Told,
): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${name} can't be read: ${whyUnreadable(error)}.`, {
      code: 'FILE_UNREADABLE',
      suggestions: [...suggestions],
      cause: error,
    });
  }
}
