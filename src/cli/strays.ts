import { ConflictError } from '../errors.ts';

export interface Strays {
  /** Undefined: there were none. */
  readonly told: Promise<void> | undefined;
}

/**
 * Takes errors that no promise of a command carries: of a stream that can't be written, or a bug's. Node would
 * print the line that they come from, which in a bundle is half of the program. The first ends the process, once
 * `tell` is done.
 */
export function catchStrays(tell: (error: unknown) => Promise<void>): Strays {
  let told: Promise<void> | undefined;
  let unwritten: unknown;
  // What is said there is said by the way: the work is done though nobody hears of it.
  process.stderr.on('error', () => undefined);
  // Before oclif's own listener, which throws it, unless the reader has just stopped reading.
  process.stdout.prependListener('error', (error) => (unwritten = error));
  process.on('uncaughtException', (error) => {
    const what = error === unwritten ? notWritten(error) : error;
    told ??= tell(what).finally(() => process.exit());
  });
  return {
    get told() {
      return told;
    },
  };
}

function notWritten(error: NodeJS.ErrnoException): ConflictError {
  return new ConflictError(`What this command prints can’t be written: ${error.code}.`, {
    code: 'OUTPUT_UNWRITABLE',
    suggestions: ['mcpd status, for what is there now: what the command did is done'],
    cause: error,
  });
}
