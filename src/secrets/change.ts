import type * as z from 'zod';
import type { Context } from '../context.ts';
import { NotFoundError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { getUser } from '../registry/users.ts';
import { templateOf } from '../templates/of-server.ts';
import type { secretListResult, secretRemoveResult, secretSetResult } from './result.ts';
import { readSecretValue } from './value.ts';
import { listSecrets, readSecrets, removeSecret, setSecret } from './vault.ts';

interface UserSecret {
  readonly userName: string;
  readonly name: string;
}

interface SetUserSecret extends UserSecret {
  readonly value: Uint8Array;
}

/** Keeps a value. Running servers get it when they are restarted. Throws what setSecret throws. */
export async function setUserSecret(
  context: Context,
  { userName, name, value }: SetUserSecret,
): Promise<z.infer<typeof secretSetResult>> {
  const user = getUser(context.registry, userName);
  const isSame = (await readIfPossible(context, user, name)) === readSecretValue(name, value);
  const kept = isSame && listSecrets(context.registry, user.id).find((one) => one.name === name);
  const { updatedAt } = kept || (await setSecret(context, { user, name, value }));
  return {
    changed: !kept,
    user: user.name,
    secret: { name, updatedAt: new Date(updatedAt).toISOString() },
    restart: kept ? [] : await serversWith(context, user, name),
  };
}

/** Throws NotFoundError unless the user is there and has this secret. */
export function requireUserSecret(context: Context, { userName, name }: UserSecret): void {
  const user = getUser(context.registry, userName);
  const secrets = listSecrets(context.registry, user.id);
  if (!secrets.some((secret) => secret.name === name)) throw notFound(context, user, name);
}

/** Throws NotFoundError with the nearest names. */
export async function removeUserSecret(
  context: Context,
  { userName, name }: UserSecret,
): Promise<z.infer<typeof secretRemoveResult>> {
  const user = getUser(context.registry, userName);
  if (!removeSecret(context.registry, user.id, name)) throw notFound(context, user, name);
  const restart = await serversWith(context, user, name);
  return { changed: true, user: user.name, removed: name, restart };
}

export async function listUserSecrets(
  context: Context,
  userName: string,
): Promise<z.infer<typeof secretListResult>> {
  const user = getUser(context.registry, userName);
  const secrets = listSecrets(context.registry, user.id).map(async ({ name, updatedAt }) => ({
    name,
    updatedAt: new Date(updatedAt).toISOString(),
    servers: await serversWith(context, user, name),
  }));
  return { user: user.name, secrets: await Promise.all(secrets) };
}

/** Undefined too when the key is gone: setting the value again is the way out of that. */
async function readIfPossible(context: Context, user: User, name: string) {
  const values = await readSecrets(context, { user, names: [name] }).catch(() => undefined);
  return values?.get(name);
}

async function serversWith(context: Context, user: User, name: string) {
  const servers = await Promise.all(
    listServers(context.registry, user.id).map(async (server) => {
      // A template folder that is gone concerns its server, not this command.
      const template = await templateOf(context, server).catch(() => undefined);
      const isDeclared = template?.secrets.some((secret) => secret.name === name) ?? false;
      return isDeclared ? [`${user.name}/${server.name}`] : [];
    }),
  );
  return servers.flat();
}

function notFound({ registry }: Context, user: User, name: string): NotFoundError {
  const names = listSecrets(registry, user.id).map((secret) => secret.name);
  const close = nearest(name, names);
  return new NotFoundError(`${user.name} has no secret ${name}.`, {
    code: 'SECRET_NOT_FOUND',
    suggestions: [
      ...(close.length > 0 ? [`Did you mean ${close.join(' or ')}?`] : []),
      `mcpd secret list ${user.name}`,
    ],
  });
}
