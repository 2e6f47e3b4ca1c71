import type { Clock } from '../clock.ts';
import type { Context } from '../context.ts';
import { scopes, type Scope } from '../policy/scopes.ts';
import type { Server, User } from '../registry/rows.ts';
import { loadTokenKeys, type TokenKeys } from './keys.ts';

/** What a token says it is for, and what a bridge accepts. */
export function tokenIssuer(instance: string): string {
  return `mcpd:${instance}`;
}

export function tokenAudience(instance: string, userId: string): string {
  return `mcpd:${instance}/${userId}`;
}

interface IssueRequest {
  readonly keys: TokenKeys;
  readonly instance: string;
  readonly user: Pick<User, 'id'>;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; null: as good as never. */
  readonly expiresAt: number | null;
  readonly id: string;
  readonly clock: Clock;
}

/** The last second of the year 9999: bridges insist on an expiry. */
const never = 253_402_300_799;

/** A signed JWT. It is valid only while its id is among the live ones. */
export async function issueToken(request: IssueRequest): Promise<string> {
  const { keys, instance, user, expiresAt, id, clock } = request;
  const { SignJWT, importJWK } = await import('jose');
  return new SignJWT({ scope: request.scopes.join(' ') })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setIssuer(tokenIssuer(instance))
    .setAudience(tokenAudience(instance, user.id))
    .setSubject(user.id)
    .setJti(id)
    .setIssuedAt(Math.floor(clock.now() / 1000))
    .setExpirationTime(expiresAt === null ? never : Math.floor(expiresAt / 1000))
    .sign(await importJWK(keys.privateJwk, 'EdDSA'));
}

interface ProbeRequest {
  readonly user: Pick<User, 'id'>;
  readonly server: Pick<Server, 'id'>;
}

const probeMs = 60 * 60_000;

/**
 * A short-lived token with which mcpd itself looks whether a server is ready. Its id is the server's,
 * which that server's list of live ids always has; it may only read.
 */
export async function probeToken(
  { home, registry, clock }: Pick<Context, 'home' | 'registry' | 'clock'>,
  { user, server }: ProbeRequest,
): Promise<string> {
  const readOnly: readonly Scope[] = scopes.filter((scope) => scope.endsWith(':read'));
  return issueToken({
    keys: await loadTokenKeys(home),
    instance: registry.instance,
    user,
    scopes: readOnly,
    expiresAt: clock.now() + probeMs,
    id: server.id,
    clock,
  });
}
