import { ConflictError, RefusedError, type McpdError } from './errors.ts';

/** What an error of the disk is to people; undefined for other errors. */
export function diskFault(error: unknown): McpdError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'EROFS') return readOnly(path ?? 'A file', error);
  return noSpace(error, path) ?? sqliteFault(error);
}

/** What is to be thrown for what can't be written for want of room; undefined for other errors. */
export function noSpace(error: unknown, path?: string): ConflictError | undefined {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  // The kernel has no more watches, which is called the same.
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code) || syscall === 'watch') return undefined;
  const what =
    path === undefined ? 'A disk that mcpd writes to is full' : `There is no room for ${path}`;
  return full(`${what} (${code}).`, error);
}

/** By SQLite's own numbers, without what they say beside the kind. */
function sqliteFault(error: unknown): McpdError | undefined {
  const { errcode = 0, message } = error as { errcode?: number; message?: string };
  switch (errcode & 0xff) {
    // It can't make room for its log either, and calls that an I/O error.
    case 10:
      return full(`The disk of the registry is full, or fails: ${message}.`, error);
    case 14:
      return full(`The registry can’t open a file, as on a disk that is full: ${message}.`, error);
    case 13:
      return full('The disk of the registry is full.', error);
    case 11:
    case 26:
      return damaged(error);
    default:
      return undefined;
  }
}

function full(message: string, cause: unknown): ConflictError {
  return new ConflictError(message, {
    code: 'NO_SPACE',
    suggestions: [
      'df -h and df -i, to see which: the home’s, /run, …',
      'Make room, and try again.',
    ],
    cause,
  });
}

function readOnly(path: string, cause: unknown): RefusedError {
  return new RefusedError(`${path} is on a disk that can’t be written to.`, {
    code: 'READ_ONLY',
    suggestions: [
      'mount and dmesg say why: a disk with errors is often left like that',
      'Set MCPD_HOME to a folder on another disk, if this was never one to write to.',
    ],
    cause,
  });
}

function damaged(cause: unknown): RefusedError {
  return new RefusedError('The registry of this home (registry.db) is damaged.', {
    code: 'REGISTRY_DAMAGED',
    suggestions: [
      'Copy the home before anything else; sqlite3 registry.db .recover may save its rows.',
      'mcpd restore FILE --dry-run, in another home, says what a backup has',
    ],
    cause,
  });
}
