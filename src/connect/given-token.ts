import * as z from 'zod';
import { UsageError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import type { User } from '../registry/rows.ts';
import { liveTokenIds } from '../tokens/store.ts';

const claims = z.object({ jti: z.string() });

/**
 * The token in what was read from a file or a pipe. Throws UsageError when it isn't a live token of
 * this user, so that no client is set up with what will be refused. Its signature is the bridge's to check.
 */
export function readToken(registry: Registry, user: User, bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8').trim();
  const id = idOf(text);
  if (id !== undefined && liveTokenIds(registry, user.id).includes(id)) return text;
  throw new UsageError(`What was given is not a live token of ${user.name}.`, {
    code: 'TOKEN_INVALID',
    suggestions: [`mcpd token list ${user.name}`, 'Make one: --new-token'],
  });
}

function idOf(text: string): string | undefined {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(text) ?? [];
  if (payload === undefined) return undefined;
  try {
    return claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).jti;
  } catch {
    return undefined;
  }
}
