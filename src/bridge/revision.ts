import type { IncomingMessage } from 'node:http';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { modernRevisions } from '../mcp/modern.ts';
import { mcpHeaders, sessionRevisions } from '../mcp/protocol.ts';
import type { Refusal } from './answer.ts';
import type { Principal } from './auth.ts';
import { findSession } from './find-session.ts';
import type { Sessions } from './sessions.ts';

/** Refuses a header that names neither a revision with sessions nor what this session's own server chose. */
export function checkRevision(
  request: IncomingMessage,
  sessions: Sessions,
  principal: Principal,
): Refusal | undefined {
  const requested = request.headers[mcpHeaders.revision];
  if (requested === undefined) return undefined;
  if (typeof requested === 'string' && sessionRevisions.includes(requested)) return undefined;
  const session = findSession(request, sessions, principal);
  if ('id' in session && session.revision === requested) return undefined;
  return {
    status: 400,
    failure: {
      code: rpcCodes.unsupportedRevision,
      message: 'this protocol revision is not supported',
      data: { supported: [...sessionRevisions, ...modernRevisions], requested },
    },
  };
}
