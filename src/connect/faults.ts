import { UsageError } from '../errors.ts';

const advice = ['Mend it and run the command again, or leave out --write and paste the block.'];

/** A client's settings file that can't be read as what it should be. It is left alone. */
export function brokenFile(file: string, why: string): UsageError {
  return new UsageError(`${file} was left alone: ${why}.`, {
    code: 'CLIENT_FILE_INVALID',
    suggestions: advice,
  });
}

/** One whose content an edit would not bring to what is wanted. It is left alone. */
export function unexpectedShape(file: string, root: string): UsageError {
  return new UsageError(`${file} was left alone: its "${root}" is not written in the usual way.`, {
    code: 'CLIENT_FILE_INVALID',
    suggestions: advice,
  });
}
