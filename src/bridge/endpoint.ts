import type { IncomingMessage, ServerResponse } from 'node:http';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { mcpHeaders } from '../mcp/protocol.ts';
import { refuse, sendText, type Refusal } from './answer.ts';
import type { Authenticator, Principal } from './auth.ts';
import { createCallers } from './callers.ts';
import { findSession } from './find-session.ts';
import { accepts } from './negotiation.ts';
import { handlePost, type PostContext } from './post.ts';
import { namesModern } from './modern/check.ts';
import type { Stateless } from './modern/stateless.ts';
import type { Guard } from './policy/guard.ts';
import type { BodyReader } from './read-body.ts';
import type { Journal } from './records/journal.ts';
import { TrailedResponse } from './records/trail.ts';
import { challenge, invalidToken, notStreamable, unauthorized } from './refusals.ts';
import { checkRevision } from './revision.ts';
import type { Sessions } from './sessions.ts';
import type { Startups } from './startups.ts';
import { whenKnown } from './when-known.ts';

interface EndpointOptions {
  readonly authenticator: Authenticator;
  readonly sessions: Sessions;
  readonly stateless: Stateless;
  readonly startups: Startups;
  readonly bodies: BodyReader;
  readonly journal: Pick<Journal, 'begin' | 'isFull'>;
  readonly guard: Guard;
  /** Where the protected resource metadata is (RFC 9728). */
  readonly metadataUrl: string;
  /** Takes over from here when the server speaks HTTP itself. */
  readonly forward: Forward | undefined;
}

/** Handles a request whose sender is known. */
export type Forward = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Pick<PostContext, 'principal' | 'trail' | 'scopeChallenge'>,
) => Promise<void>;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** The MCP endpoint: who asks, in which revision, and then POST, GET or DELETE. */
export function createEndpoint(options: EndpointOptions): Handler {
  const { sessions, stateless, startups, bodies, guard } = options;
  const callers = createCallers(options.authenticator);
  const scopeChallenge = (scope: string): string =>
    challenge(options.metadataUrl, 'error="insufficient_scope"', `scope="${scope}"`);

  const serve = (
    request: IncomingMessage,
    response: ServerResponse,
    principal: Principal,
  ): void | Promise<void> => {
    const { method, headers } = request;
    if (options.journal.isFull) return refuse(response, unrecorded);
    const trail = method === 'POST' ? options.journal.begin(principal) : undefined;
    if (response instanceof TrailedResponse) response.trail = trail;
    if (options.forward) {
      return options.forward(request, response, { principal, trail, scopeChallenge });
    }
    if (method === 'POST') {
      return handlePost(request, response, {
        sessions,
        stateless,
        startups,
        bodies,
        guard,
        principal,
        trail,
        scopeChallenge,
      });
    }
    if (namesModern(headers)) return sendText(response, 405, '', { Allow: 'POST' });
    const refusal = checkRevision(request, sessions, principal);
    if (refusal) return refuse(response, refusal);
    const session = findSession(request, sessions, principal);
    if (!('id' in session)) return refuse(response, session);
    if (method === 'DELETE') {
      void sessions.end(session, 'its client ended it');
      return sendText(response, 204);
    }
    if (!accepts(headers.accept, 'text/event-stream')) return refuse(response, notStreamable);
    const lastEventId = headers[mcpHeaders.lastEvent];
    session.listen(response, principal, typeof lastEventId === 'string' ? lastEventId : undefined);
  };

  return (request, response) => {
    if (!['GET', 'POST', 'DELETE'].includes(request.method ?? '')) {
      return sendText(response, 405, '', { Allow: 'GET, POST, DELETE' });
    }
    return whenKnown(callers.recall(request) ?? callers.identify(request), (principal) => {
      // Its client may have left while its token was looked at: nobody would hear of its end any more.
      if (response.destroyed) return;
      if (principal === 'missing') return refuse(response, unauthorized(options.metadataUrl));
      if (principal === 'invalid') return refuse(response, invalidToken(options.metadataUrl));
      return serve(request, response, principal);
    });
  };
}

/** Nothing is done that would leave no trace. */
const unrecorded: Refusal = {
  status: 503,
  failure: { code: rpcCodes.busy, message: 'the audit cannot be written; is the disk full?' },
  headers: { 'Retry-After': '5' },
};
