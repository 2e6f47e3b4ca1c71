import type { Readable } from 'node:stream';
import { UsageError } from './errors.ts';

/**
 * A pipe that is about to be read to its end. Throws UsageError when it was read before: of two things in it
 * the second would be empty.
 */
export function unread<Pipe extends Readable>(stdin: Pipe): Pipe {
  if (!stdin.readableDidRead) return stdin;
  throw new UsageError('Only one thing can be read from stdin.', {
    code: 'STDIN_READ_ALREADY',
    suggestions: ['Give the others as files.'],
  });
}
