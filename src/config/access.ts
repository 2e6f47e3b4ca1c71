import { accessSync, constants } from 'node:fs';
import { RefusedError } from '../errors.ts';
import type { Home } from './home.ts';

/** Whether an error, met while a home's registry was opened, says that this account may not have it. */
export function isAccessError({ root, registry }: Home, error: unknown): boolean {
  const { code, errcode = 0 } = error as { code?: string; errcode?: number };
  if (code === 'EACCES' || code === 'EPERM') return true;
  // SQLITE_READONLY and SQLITE_CANTOPEN, which have other reasons too.
  return [8, 14].includes(errcode & 0xff) && !(isWritable(root) && isWritable(registry));
}

/** `may`: what may not be done, and to what: `use the home /var/lib/mcpd`. */
export function notAccessible(may: string, cause: unknown): RefusedError {
  return new RefusedError(`You may not ${may}.`, {
    code: 'HOME_NOT_ACCESSIBLE',
    suggestions: ['Run the command with sudo, or set MCPD_HOME to a home of your own.'],
    cause,
  });
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
