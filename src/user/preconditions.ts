import type { Context } from '../context.ts';
import { ConflictError, UsageError } from '../errors.ts';
import type { LimitOverrides } from '../policy/limits.ts';
import type { Template } from '../templates/schema.ts';

/** Throws UsageError when the engine's host has fewer processors than a server should get. */
export async function requireProcessors(context: Context, { cpus }: LimitOverrides): Promise<void> {
  if (cpus === undefined) return;
  const engine = await context.engine();
  const { cpus: most } = await engine.info();
  if (cpus <= most) return;
  throw new UsageError(`A server can't get ${cpus} processors: the engine has ${most}.`, {
    code: 'TOO_MANY_CPUS',
    suggestions: [`Ask for --cpus ${most} or less.`],
  });
}

interface NewUser {
  readonly name: string;
  readonly secrets: ReadonlyMap<string, string>;
}

/** Throws ConflictError when a new user would lack a secret that one of these templates needs. */
export function requireSecrets({ name, secrets }: NewUser, templates: readonly Template[]): void {
  const required = templates.flatMap((template) => template.secrets.filter((one) => one.required));
  const missing = new Set(required.map((one) => one.name).filter((one) => !secrets.has(one)));
  if (missing.size === 0) return;
  const names = [...missing].join(', ');
  throw new ConflictError(`${name} lacks the secret${missing.size > 1 ? 's' : ''} ${names}.`, {
    code: 'SECRET_MISSING',
    suggestions: [...missing].map((one) => `Add --secret ${one}=@FILE.`),
  });
}
