import type { IncomingMessage } from 'node:http';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { mcpHeaders } from '../mcp/protocol.ts';
import type { Refusal } from './answer.ts';
import type { Principal } from './auth.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

/** The session a request names, or the answer that makes its client start a new one. */
export function findSession(
  request: IncomingMessage,
  sessions: Sessions,
  principal: Principal,
): Session | Refusal {
  const id = request.headers[mcpHeaders.session];
  if (typeof id !== 'string') {
    const message = 'the Mcp-Session-Id header is missing; send initialize first';
    return { status: 400, failure: { code: rpcCodes.invalidRequest, message } };
  }
  return (
    sessions.find(id, principal) ?? {
      status: 404,
      failure: { code: rpcCodes.sessionNotFound, message: 'this session has ended or never was' },
    }
  );
}

/** Names the session of a request in the records; null when it names none of its sender's. */
export function labelOf(
  { headers }: IncomingMessage,
  sessions: Sessions,
  principal: Principal,
): string | null {
  const id = headers[mcpHeaders.session];
  return typeof id === 'string' ? (sessions.find(id, principal)?.label ?? null) : null;
}
