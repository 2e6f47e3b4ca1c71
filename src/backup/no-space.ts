import { ConflictError } from '../errors.ts';

/** What is to be thrown for a file that can't be written for want of room; undefined for other errors. */
export function noSpace(error: unknown, path: string): ConflictError | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) return undefined;
  return new ConflictError(`There is no room for ${path} (${code}).`, {
    code: 'NO_SPACE',
    suggestions: ['Make room, and try again.', 'mcpd gc'],
    cause: error,
  });
}
