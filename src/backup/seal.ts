import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { createGunzip, createGzip } from 'node:zlib';
import { RefusedError, UsageError } from '../errors.ts';

/** Who will be able to open a backup. */
export type Lock = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/** What may open one: age identities, or a passphrase. */
export type Key = { readonly identities: readonly string[] } | { readonly passphrase: string };

const chunkSize = 2 ** 16;

/** Makes what compresses and encrypts a stream, by age. Throws UsageError for a recipient that is none. */
export async function sealWith(lock: Lock): Promise<(plain: Readable) => Promise<Readable>> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if ('passphrase' in lock) encrypter.setPassphrase(lock.passphrase);
  else for (const recipient of lock.recipients) addRecipient(encrypter, recipient);
  return async (plain) => {
    // As fast as possible: what compresses well, empty blocks, does so at any level.
    const packed = createGzip({ level: 1, chunkSize });
    plain.once('error', (error) => packed.destroy(error));
    return fromWeb(await encrypter.encrypt(toWeb(plain.pipe(packed))));
  };
}

/**
 * What a backup has in it, decrypted as it is read; the stream fails where the file was cut off or
 * changed. Throws RefusedError for another key, UsageError for what is no backup.
 */
export async function unseal(sealed: Readable, key: Key): Promise<Readable> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase);
  else for (const identity of key.identities) addIdentity(decrypter, identity);
  const plain = fromWeb(await decrypt(decrypter, sealed));
  const unpacked = createGunzip({ chunkSize });
  plain.once('error', (error) => unpacked.destroy(error));
  unpacked.once('close', () => plain.destroy());
  return plain.pipe(unpacked);
}

interface Decrypting {
  decrypt(file: globalThis.ReadableStream<Uint8Array>): Promise<globalThis.ReadableStream>;
}

async function decrypt(decrypter: Decrypting, sealed: Readable) {
  try {
    return await decrypter.decrypt(toWeb(sealed));
  } catch (cause) {
    sealed.destroy();
    throw new RefusedError('This key does not open the backup, or its beginning is damaged.', {
      code: 'BACKUP_KEY_WRONG',
      suggestions: [
        'Give the identity of one of its recipients with --identity FILE.',
        'Or the passphrase that it was made with: --passphrase-file FILE.',
      ],
      cause,
    });
  }
}

// The library's own messages may quote what they were given, which may be a private key by mistake.
function addRecipient(encrypter: { addRecipient(text: string): void }, recipient: string): void {
  try {
    encrypter.addRecipient(recipient);
  } catch {
    throw new UsageError(
      'A recipient is not one of age: it begins with age1 and is copied whole.',
      {
        code: 'RECIPIENT_INVALID',
        suggestions: ['mcpd backup keygen FILE makes a key and prints its recipient'],
      },
    );
  }
}

function addIdentity(decrypter: { addIdentity(text: string): void }, identity: string): void {
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new UsageError('The identity file holds no age identity that can be read.', {
      code: 'IDENTITY_INVALID',
      suggestions: ['Name the file that mcpd backup keygen or age-keygen wrote.'],
    });
  }
}

// Two declarations of one class: Node's own, and the one of browsers that the library is written for.
function toWeb(stream: Readable): globalThis.ReadableStream<Uint8Array> {
  return Readable.toWeb(stream) as unknown as globalThis.ReadableStream<Uint8Array>;
}

function fromWeb(stream: globalThis.ReadableStream): Readable {
  return Readable.fromWeb(stream as unknown as ReadableStream);
}
