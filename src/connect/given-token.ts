import * as z from 'zod';
import { UsageError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import type { Server, User } from '../registry/rows.ts';
import { opensServer } from '../tokens/live.ts';
import { liveTokens } from '../tokens/store.ts';

const claims = z.object({ jti: z.string() });

interface Purpose {
  readonly user: User;
  readonly servers: readonly Server[];
}

/**
 * The token in what was read from a file or a pipe. Throws UsageError when it isn't a live token of
 * this user, for all these servers, so that no client is set up with what will be refused. Its
 * signature is the bridge's to check.
 */
export function readToken(
  registry: Registry,
  { user, servers }: Purpose,
  bytes: Uint8Array,
): string {
  const text = Buffer.from(bytes).toString('utf8').trim();
  const id = idOf(text);
  const token = liveTokens(registry, user.id).find((one) => one.id === id);
  const closed = servers.find((server) => token && !opensServer(token, server));
  if (token && closed) {
    throw new UsageError(`The token ${token.name} does not open ${user.name}/${closed.name}.`, {
      code: 'TOKEN_INVALID',
      suggestions: (token.servers ?? []).map(
        (name) => `mcpd connect ${user.name} --server ${name}`,
      ),
    });
  }
  if (token) return text;
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
