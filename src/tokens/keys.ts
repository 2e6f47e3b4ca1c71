import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { BridgeConfig } from '../bridge/config.ts';
import type { Home } from '../config/home.ts';
import { ensureKeyFile, readKeyFile } from '../config/key-file.ts';
import { ConflictError } from '../errors.ts';

export type PublicJwk = BridgeConfig['auth']['publicKey'];

/** The pair that signs and checks a home's tokens. */
export interface TokenKeys {
  readonly publicJwk: PublicJwk;
  readonly privateJwk: PublicJwk & { readonly d: string };
}

/** The home's Ed25519 key, made on first use. Throws ConflictError when the file holds no such key. */
export async function loadTokenKeys(home: Home): Promise<TokenKeys> {
  const { x, d } = parse(keyFile(home), await loadTokenKeyText(home));
  const publicJwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

/** The same as its file has it, for a backup. */
export function loadTokenKeyText(home: Home): Promise<string> {
  return ensureKeyFile(keyFile(home), () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    return `${JSON.stringify(privateKey.export({ format: 'jwk' }))}\n`;
  });
}

/** The public half; undefined while there is no key. */
export function findTokenKey(home: Home): string | undefined {
  const text = readKeyFile(keyFile(home));
  return text === undefined ? undefined : parse(keyFile(home), text).x;
}

/** Makes a key from a backup the home's. Throws ConflictError when the home has another one. */
export async function keepTokenKey(home: Home, text: string): Promise<void> {
  const { x } = parse('The backup', text);
  const kept = await ensureKeyFile(keyFile(home), () => text);
  if (parse(keyFile(home), kept).x === x) return;
  throw new ConflictError(`${keyFile(home)} holds another key than the backup.`, {
    code: 'KEY_DIFFERS',
    suggestions: ['Restore into an empty home: MCPD_HOME=DIR mcpd restore …'],
  });
}

function keyFile(home: Home): string {
  return join(home.keys, 'token.jwk');
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
