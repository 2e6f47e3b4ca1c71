import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import type { User } from '../registry/rows.ts';
import { getUserById } from '../registry/users.ts';
import { ensureIdentity, readIdentity } from './identity.ts';
import { checkSecretName, readSecretValue } from './value.ts';

/** What the vault needs of the world. */
export type VaultContext = Pick<Context, 'registry' | 'home' | 'env'>;

type Owner = Pick<User, 'id' | 'name'>;

/** What may be told about a secret. Its value and length may not. */
export interface SecretInfo {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

interface NewSecret {
  readonly user: Pick<User, 'id'>;
  readonly name: string;
  /** A string, or bytes of a file, whose last line end is taken off. */
  readonly value: Uint8Array | string;
}

/**
 * Encrypts and keeps a value, replacing an earlier one. Throws UsageError for a bad name or a value
 * that is empty, over 64 KiB or not text, NotFoundError when its user is removed meanwhile.
 */
export async function setSecret(context: VaultContext, secret: NewSecret): Promise<SecretInfo> {
  const sealed = await sealSecret(context, secret);
  const { registry } = context;
  return registry.transaction(() => {
    getUserById(registry, sealed.userId);
    return putSecret(registry, sealed);
  });
}

/** A value that only this home's key opens, and only as this secret of this user. */
export interface SealedSecret {
  readonly userId: string;
  readonly name: string;
  readonly ciphertext: Uint8Array;
}

/** Encrypts a value without keeping it. Throws as setSecret does. */
export async function sealSecret(
  { home, env }: Omit<VaultContext, 'registry'>,
  { user, name, value }: NewSecret,
): Promise<SealedSecret> {
  checkSecretName(name);
  const text = readSecretValue(name, value);
  const ciphertext = await encrypt(await ensureIdentity({ home, env }), bind(user, name, text));
  return { userId: user.id, name, ciphertext };
}

/** Keeps an encrypted value. */
export function putSecret(
  registry: Registry,
  { userId, name, ciphertext }: SealedSecret,
): SecretInfo {
  const updatedAt = registry.clock.now();
  registry.db
    .prepare(
      `INSERT OR REPLACE INTO secrets (user_id, name, ciphertext, updated_at) VALUES (?, ?, ?, ?)`,
    )
    .run(userId, name, ciphertext, updatedAt);
  return { name, updatedAt };
}

/** A user's secrets by name, without their values. */
export function listSecrets(registry: Registry, userId: string): SecretInfo[] {
  return registry.db
    .prepare('SELECT name, updated_at FROM secrets WHERE user_id = ? ORDER BY name')
    .all(userId)
    .map((row) => ({ name: row['name'] as string, updatedAt: row['updated_at'] as number }));
}

/** True when there was one. */
export function removeSecret(registry: Registry, userId: string, name: string): boolean {
  const statement = registry.db.prepare('DELETE FROM secrets WHERE user_id = ? AND name = ?');
  return statement.run(userId, name).changes > 0;
}

/**
 * The values of the declared secrets that the user has. Throws ConflictError SECRET_MISSING naming
 * each required one they lack, SECRET_UNREADABLE when the key doesn't open one.
 */
export async function openSecrets(
  context: VaultContext,
  { user, secrets }: { user: Owner; secrets: readonly { name: string; required: boolean }[] },
): Promise<Map<string, string>> {
  const names = new Set(listSecrets(context.registry, user.id).map((secret) => secret.name));
  const missing = secrets.filter((secret) => secret.required && !names.has(secret.name));
  if (missing.length > 0) throw missingSecrets(user, missing);
  return readSecrets(context, { user, names: secrets.map((secret) => secret.name) });
}

/** The values of those of these secrets that the user has. Throws ConflictError like openSecrets. */
export async function readSecrets(
  { registry, home, env }: VaultContext,
  { user, names }: { user: Owner; names: readonly string[] },
): Promise<Map<string, string>> {
  const read = registry.db.prepare('SELECT ciphertext FROM secrets WHERE user_id = ? AND name = ?');
  const sealed = names.flatMap((name) => {
    const row = read.get(user.id, name);
    return row ? [{ name, ciphertext: row['ciphertext'] as Uint8Array }] : [];
  });
  if (sealed.length === 0) return new Map();
  const identity = readIdentity({ home, env });
  return new Map(
    await Promise.all(
      sealed.map(async ({ name, ciphertext }) => {
        const value = unbind(user, name, await decrypt(identity, ciphertext));
        if (value === undefined) throw unreadable(user, name);
        return [name, value] as const;
      }),
    ),
  );
}

/** The owner is sealed in, so that a row copied to another user or name doesn't open there. */
function bind(user: Pick<User, 'id'>, name: string, value: string): string {
  return `${user.id}\0${name}\0${value}`;
}

function unbind(user: Owner, name: string, text: string | undefined): string | undefined {
  const prefix = bind(user, name, '');
  return text?.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}

async function encrypt(identity: string, text: string): Promise<Uint8Array> {
  const { Encrypter, identityToRecipient } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return encrypter.encrypt(text);
}

async function decrypt(identity: string, ciphertext: Uint8Array): Promise<string | undefined> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(ciphertext, 'text');
  } catch {
    // Another key, or a damaged value; the library's message may not go out.
    return undefined;
  }
}

function missingSecrets(user: Owner, missing: readonly { name: string }[]): ConflictError {
  const names = missing.map((secret) => secret.name);
  return new ConflictError(
    `${user.name} lacks the secret${names.length > 1 ? 's' : ''} ${names.join(', ')}.`,
    {
      code: 'SECRET_MISSING',
      suggestions: names.map((name) => `mcpd secret set ${user.name} ${name}`),
    },
  );
}

function unreadable(user: Owner, name: string): ConflictError {
  return new ConflictError(`The key does not open the secret ${name} of ${user.name}.`, {
    code: 'SECRET_UNREADABLE',
    suggestions: [
      'Put the key back that it was set with.',
      `Or set it again: mcpd secret set ${user.name} ${name}`,
    ],
  });
}
