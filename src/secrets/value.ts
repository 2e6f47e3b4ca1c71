import { UsageError } from '../errors.ts';

const maxBytes = 64 * 1024;

/** Throws UsageError unless a name can be that of an environment variable. */
export function checkSecretName(name: string): void {
  if (/^[A-Z][A-Z0-9_]{0,63}$/.test(name)) return;
  throw new UsageError(`"${name}" is not a secret's name.`, {
    code: 'SECRET_NAME_INVALID',
    suggestions: ['Use capital letters, digits and underscores, a letter first: GITHUB_TOKEN.'],
  });
}

/**
 * A value as a server will get it. Of bytes what a file or a pipe ends with, one line end, is taken off; a string
 * has been read, and stays as it is. Throws UsageError, without the value, for one that no environment variable
 * can hold.
 */
export function readSecretValue(name: string, value: Uint8Array | string): string {
  if (Buffer.byteLength(value) > maxBytes) throw invalid(`it has more than ${maxBytes / 1024} KiB`);
  const text = typeof value === 'string' ? value : decode(value).replace(/\r?\n$/, '');
  if (text === '') throw invalid('it is empty');
  if (text.includes('\0')) throw invalid('it has a null byte in it');
  return text;

  function decode(content: Uint8Array): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    } catch {
      throw invalid('it is not UTF-8 text');
    }
  }

  function invalid(reason: string): UsageError {
    return new UsageError(`The value of ${name} can't be kept: ${reason}.`, {
      code: 'SECRET_VALUE_INVALID',
    });
  }
}
