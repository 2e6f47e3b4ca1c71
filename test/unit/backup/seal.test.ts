import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeAll, expect, test } from 'vitest';
import { sealWith, unseal, type Key, type Lock } from '../../../src/backup/seal.ts';

const plain = Buffer.from('a secret, again and again. '.repeat(20_000));
let identity: string;
let lock: Lock;
let sealed: Buffer;

beforeAll(async () => {
  identity = await generateX25519Identity();
  lock = { recipients: [await identityToRecipient(identity)] };
  sealed = await seal(lock);
});

async function seal(by: Lock, content = plain): Promise<Buffer> {
  return buffer(await (await sealWith(by))(Readable.from([content])));
}

async function open(bytes: Buffer, key: Key = { identities: [identity] }): Promise<Buffer> {
  return buffer(await unseal(Readable.from([bytes]), key));
}

test('what was sealed is opened by its key, and is not to be seen without', async () => {
  expect((await open(sealed)).equals(plain)).toBe(true);
  expect(sealed.includes('a secret')).toBe(false);
});

test('another key opens nothing', async () => {
  const other = { identities: [await generateX25519Identity()] };
  await expect(open(sealed, other)).rejects.toMatchObject({
    code: 'BACKUP_KEY_WRONG',
    exitCode: 8,
  });
});

test('a passphrase opens what was sealed with it, and no other does', async () => {
  const bytes = await seal({ passphrase: 'correct horse battery' });
  expect((await open(bytes, { passphrase: 'correct horse battery' })).equals(plain)).toBe(true);
  await expect(open(bytes, { passphrase: 'correct horse' })).rejects.toMatchObject({
    code: 'BACKUP_KEY_WRONG',
  });
}, 60_000);

test('a changed byte anywhere, and a file that was cut off anywhere, is noticed', async () => {
  const random = await seal(lock, Buffer.from(crypto.getRandomValues(new Uint8Array(60_000))));
  for (let at = 0; at < random.length; at += 4999) {
    const changed = Buffer.from(random);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await expect(open(changed), `byte ${at}`).rejects.toBeInstanceOf(Error);
    await expect(open(random.subarray(0, at)), `${at} bytes`).rejects.toBeInstanceOf(Error);
  }
});

test('a recipient that is none is refused, and not repeated: it may be a private key', async () => {
  const asking = sealWith({ recipients: [identity] });
  await expect(asking).rejects.toMatchObject({ code: 'RECIPIENT_INVALID' });
  await expect(asking).rejects.not.toThrow(identity);
});
