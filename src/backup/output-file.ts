import { randomBytes } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { noSpace } from '../disk-fault.ts';
import { ConflictError, UsageError } from '../errors.ts';

interface Output {
  readonly file: string;
  /** Replace what is there. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

/** Throws before the work begins what `writeOutput` would throw after it. */
export function checkOutput({ file, force }: Pick<Output, 'file' | 'force'>): void {
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`There is no folder ${folder}.`, { code: 'NO_SUCH_FOLDER' });
  }
  if (!force && existsSync(file)) throw exists(file);
}

/**
 * Writes a new file (0600) beside its place and moves it there when it is complete and on the disk. Gives
 * its size. Throws ConflictError when something is there meanwhile.
 */
export async function writeOutput(
  content: Readable,
  { file, force, signal }: Output,
): Promise<number> {
  const suffix = randomBytes(6).toString('hex');
  const draft = join(dirname(file), `.${basename(file)}.${suffix}.partial`);
  try {
    const target = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(content, target, { signal });
    // A rename replaces whatever is there, so the name is taken first: not all file systems have links.
    if (!force) closeSync(openSync(file, 'wx', 0o600));
    renameSync(draft, file);
    return statSync(file).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw exists(file);
    throw noSpace(error, file) ?? error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function exists(file: string): ConflictError {
  return new ConflictError(`${file} exists already.`, {
    code: 'FILE_EXISTS',
    suggestions: ['Choose another name, or replace it with --force.'],
  });
}
