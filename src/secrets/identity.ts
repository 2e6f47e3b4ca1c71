import { join } from 'node:path';
import type { Home } from '../config/home.ts';
import { ensureKeyFile, readKeyFile } from '../config/key-file.ts';
import { ConflictError } from '../errors.ts';

/** Where the key that opens all secrets is: `MCPD_KEY_FILE`, such as a systemd credential, or the home. */
interface IdentitySource {
  readonly home: Home;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The age identity (`AGE-SECRET-KEY-1…`). Made on first use in the home; a file named by
 * MCPD_KEY_FILE must exist, since a new key would be kept where nobody expects one.
 */
export async function ensureIdentity({ home, env }: IdentitySource): Promise<string> {
  if (env['MCPD_KEY_FILE']) return readIdentity({ home, env });
  const { generateX25519Identity } = await import('age-encryption');
  return parse(
    identityFile({ home, env }),
    await ensureKeyFile(
      identityFile({ home, env }),
      async () => `${await generateX25519Identity()}\n`,
    ),
  );
}

/** The age identity; throws ConflictError KEY_MISSING when there is none. */
export function readIdentity(source: IdentitySource): string {
  const file = identityFile(source);
  const text = readKeyFile(file);
  if (text !== undefined) return parse(file, text);
  throw new ConflictError(`The key that opens the secrets is missing: ${file}.`, {
    code: 'KEY_MISSING',
    suggestions: [
      `Put the key back, from a backup or with: age-keygen -o ${file}`,
      'A new key opens no old secret: set those again with mcpd secret set.',
    ],
  });
}

function identityFile({ home, env }: IdentitySource): string {
  return env['MCPD_KEY_FILE'] || join(home.keys, 'secrets.age');
}

/** age-keygen writes comments around the key. The key itself never goes into an error. */
function parse(file: string, text: string): string {
  const line = text.split('\n').find((one) => one.startsWith('AGE-SECRET-KEY-'));
  if (line !== undefined) return line.trim();
  throw new ConflictError(`${file} holds no age identity.`, {
    code: 'KEY_INVALID',
    suggestions: [`age-keygen -o ${file}`],
  });
}
