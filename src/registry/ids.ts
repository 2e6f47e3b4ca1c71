import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** Lower-case base32, 5 bits per character: safe in file names, container names and labels. */
export function randomBase32(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join('');
}

/** Makes an immutable id; the prefix tells users (`u`), servers (`s`), tokens (`t`) and groups (`g`) apart. */
export type CreateId = (prefix: 'u' | 's' | 't' | 'g') => string;

export const randomId: CreateId = (prefix) => prefix + randomBase32(10);

/** A number spread evenly over 0 … 2^40 - 1 by an 8-character instance id. */
export function instanceNumber(instance: string): number {
  return Array.from(instance).reduce(
    (sum, character) => (sum * 32 + Math.max(0, alphabet.indexOf(character))) % 2 ** 40,
    0,
  );
}
