import { string } from '@oclif/core/flags';
import type { Key, Lock } from '../backup/seal.ts';
import { UsageError } from '../errors.ts';
import { readValue } from './read-value.ts';

const shortest = 12;

const passphraseFile = string({
  summary: 'File with the passphrase; - for stdin.',
  helpValue: 'FILE',
});

/** Whom a backup is made or read for; none: everybody. */
export const onlyUsers = string({
  char: 'u',
  summary: 'Only these users.',
  helpValue: 'NAME',
  multiple: true,
  multipleNonGreedy: true,
  delimiter: ',',
});

/** Who may open a new backup. */
export const lockFlags = {
  recipient: string({
    char: 'r',
    summary: 'An age recipient whose identity will open it (age1…).',
    helpValue: 'AGE1…',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'passphrase-file': passphraseFile,
};

/** What opens one. */
export const keyFlags = {
  identity: string({
    char: 'i',
    summary: 'File with the age identity that opens it.',
    helpValue: 'FILE',
    exclusive: ['passphrase-file'],
  }),
  'passphrase-file': passphraseFile,
};

interface LockInput {
  readonly recipient?: readonly string[] | undefined;
  readonly 'passphrase-file'?: string | undefined;
}

/** Throws UsageError when nobody could open the backup, or when the passphrase could be guessed. */
export async function lockFrom(flags: LockInput, signal: AbortSignal): Promise<Lock> {
  const { recipient: recipients = [], 'passphrase-file': from } = flags;
  if (recipients.length > 0 && from !== undefined) {
    throw new UsageError('A passphrase can’t be had together with recipients.', { code: 'USAGE' });
  }
  if (recipients.length > 0) return { recipients };
  if (from === undefined) {
    throw new UsageError('Say who may open the backup: this home’s own keys may be lost with it.', {
      code: 'BACKUP_LOCK_MISSING',
      suggestions: [
        'mcpd backup keygen backup.key makes a key; keep it elsewhere, and use --recipient age1…',
        'Or --passphrase-file FILE.',
      ],
    });
  }
  const passphrase = await readPassphrase(from, signal);
  if (passphrase.length >= shortest) return { passphrase };
  throw new UsageError(`The passphrase has less than ${shortest} characters.`, {
    code: 'PASSPHRASE_SHORT',
    suggestions: ['Use some random words, or a key: mcpd backup keygen FILE'],
  });
}

interface KeyInput {
  readonly identity?: string | undefined;
  readonly 'passphrase-file'?: string | undefined;
}

/** Throws UsageError when no key is given, or the file holds none. */
export async function keyFrom(flags: KeyInput, signal: AbortSignal): Promise<Key> {
  const { identity, 'passphrase-file': from } = flags;
  if (from !== undefined) return { passphrase: await readPassphrase(from, signal) };
  if (identity === undefined) {
    throw new UsageError('Say what opens the backup.', {
      code: 'BACKUP_KEY_MISSING',
      suggestions: ['--identity FILE, or --passphrase-file FILE'],
    });
  }
  const bytes = await readValue({ from: identity, label: 'Identity', signal });
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  const identities = lines.map((line) => line.trim()).filter((line) => /^[^#]/.test(line));
  return { identities };
}

async function readPassphrase(from: string, signal: AbortSignal): Promise<string> {
  const bytes = await readValue({ from, label: 'Passphrase', signal });
  return Buffer.from(bytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
