import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { BridgeConfig } from '../bridge/config.ts';
import type { Home } from '../config/home.ts';
import { ensureKeyFile } from '../config/key-file.ts';
import { ConflictError } from '../errors.ts';

export type PublicJwk = BridgeConfig['auth']['publicKey'];

/** The pair that signs and checks a home's tokens. */
export interface TokenKeys {
  readonly publicJwk: PublicJwk;
  readonly privateJwk: PublicJwk & { readonly d: string };
}

/** The home's Ed25519 key, made on first use. Throws ConflictError when the file holds no such key. */
export async function loadTokenKeys(home: Home): Promise<TokenKeys> {
  const file = join(home.keys, 'token.jwk');
  const text = await ensureKeyFile(file, () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return `${JSON.stringify(privateKey.export({ format: 'jwk' }))}\n`;
  });
  const { x, d } = parse(file, text);
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

function parse(file: string, text: string): { x: string; d: string } {
  try {
    const jwk = JSON.parse(text) as Partial<Record<string, unknown>>;
    const { crv, x, d } = jwk;
    if (crv === 'Ed25519' && typeof x === 'string' && typeof d === 'string') return { x, d };
  } catch {
    // Not even JSON; the parser's message would quote the key.
  }
  throw new ConflictError(`${file} holds no Ed25519 key.`, {
    code: 'KEY_INVALID',
    suggestions: [
      'Put the key back from a backup.',
      `Or remove ${file}, and create all tokens anew.`,
    ],
  });
}
