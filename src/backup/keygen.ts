import { writeFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { ConflictError, UsageError } from '../errors.ts';
import type { KeygenResult } from './result.ts';

/** Makes an age identity, in the form that age-keygen has, in a new file (0600). Throws ConflictError when it exists. */
export async function makeBackupKey(clock: Clock, file: string): Promise<KeygenResult> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const created = new Date(clock.now()).toISOString();
  const text = `# created: ${created}\n# public key: ${recipient}\n${identity}\n`;
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    throw notWritten(file, cause);
  }
  return { file, recipient };
}

function notWritten(file: string, cause: unknown): ConflictError | UsageError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (code !== 'EEXIST') {
    return new UsageError(`${file} can't be written: ${code}.`, {
      code: 'FILE_NOT_WRITABLE',
      suggestions: ['Name a file in a folder that is there.'],
      cause,
    });
  }
  return new ConflictError(`${file} exists already.`, {
    code: 'FILE_EXISTS',
    suggestions: ['Choose another name: without its key a backup can’t be opened.'],
  });
}
