import type { Context } from '../context.ts';
import type { HostConfig } from '../config/schema.ts';
import { ConflictError, RefusedError, UsageError } from '../errors.ts';
import { formatBytes } from '../policy/bytes.ts';
import { isCpusetWithin } from '../policy/cpuset.ts';
import type { Policy } from '../policy/policy.ts';
import type { Template } from '../templates/schema.ts';

/** Throws UsageError when the engine's host lacks processors that a server should get or run on. */
export async function requireProcessors(
  context: Context,
  { cpus = 0, cpuset }: Pick<Policy, 'cpus' | 'cpuset'>,
): Promise<void> {
  if (cpus === 0 && cpuset === undefined) return;
  const engine = await context.engine();
  const [{ cpus: most }, all] = await Promise.all([engine.info(), engine.processors()]);
  if (cpus > most) {
    throw new UsageError(`A server can't get ${cpus} processors: the engine has ${most}.`, {
      code: 'TOO_MANY_CPUS',
      suggestions: [`Ask for --cpus ${most} or less.`],
    });
  }
  if (cpuset === undefined || isCpusetWithin(cpuset, all)) return;
  throw new UsageError(`A server can't run on the processors ${cpuset}: the engine has ${all}.`, {
    code: 'NO_SUCH_CPU',
    suggestions: [`Ask for --cpuset ${all} or some of these.`],
  });
}

/** Throws RefusedError when a policy asks for more than anybody may have: it could not hold. */
export function requireBelowMaximum(
  { maximum }: Pick<HostConfig, 'maximum'>,
  policy: Policy,
): void {
  for (const [key, most] of Object.entries(maximum)) {
    const asked = policy[key as keyof typeof maximum];
    if (most === null || asked === undefined) continue;
    const isUnlimited = key === 'storage' && asked === 0;
    if (isWithin(asked, most) && !isUnlimited) continue;
    const isSize = key === 'memory' || key === 'storage';
    const [text, mostText] = [asked, most].map((one) => (isSize ? formatBytes(Number(one)) : one));
    throw new RefusedError(
      `Nobody may have ${key} ${isUnlimited ? 'without a limit' : text}: the maximum is ${mostText}.`,
      {
        code: 'ABOVE_MAXIMUM',
        suggestions: [`mcpd config get maximum.${key}`],
      },
    );
  }
}

function isWithin(asked: string | number, most: string | number): boolean {
  return typeof most === 'string' ? isCpusetWithin(String(asked), most) : Number(asked) <= most;
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
