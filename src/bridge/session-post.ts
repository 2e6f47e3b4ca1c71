import type { IncomingMessage, ServerResponse } from 'node:http';
import { isInitialize, type ClientMessage } from '../mcp/body.ts';
import type { RequestId } from '../mcp/jsonrpc.ts';
import { batchRevision, mcpHeaders } from '../mcp/protocol.ts';
import { refuse, sendText, type Refusal } from './answer.ts';
import { findSession } from './find-session.ts';
import type { Turn } from './policy/turns.ts';
import type { PostContext, Posted } from './post.ts';
import { idsOf } from './queued-calls.ts';
import { busy, idOf, invalid } from './refusals.ts';
import { Reply } from './reply.ts';
import { checkRevision } from './revision.ts';
import type { Session } from './session.ts';
import { whenKnown } from './when-known.ts';

/** Takes messages of a client that keeps a session, or begins one. */
export function takeInSession(
  request: IncomingMessage,
  response: ServerResponse,
  posted: Posted,
  context: PostContext,
): void | Promise<void> {
  const { sessions, principal, guard, trail } = context;
  const unspoken = checkRevision(request, sessions, principal);
  if (unspoken) return refuse(response, { ...unspoken, idText: idOf(posted.messages) });
  return whenKnown(pickSession(request, posted, context), (session) => {
    if (!('id' in session)) return refuse(response, session);
    if (trail) trail.session = session.label;
    const turn = guard.turn(posted, response, principal);
    if (turn instanceof Promise) {
      return waitInSession(session, turn, { request, response, posted }, context);
    }
    if (turn && 'failure' in turn) return refuse(response, turn);
    return takeUp(session, { request, response, posted, turn }, context);
  });
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly posted: Posted;
  readonly turn: Turn | undefined;
}

/** Keeps calls with their session until their turn comes. Who is answered before leaves the queue. */
async function waitInSession(
  session: Session,
  waiting: Promise<Turn | Refusal | 'gone'>,
  { request, response, posted }: Omit<Passing, 'turn'>,
  context: PostContext,
): Promise<void> {
  if (areTaken(idsOf(posted.messages), session)) return refuse(response, taken(posted.messages));
  const leave = session.queued.enter(posted, response);
  const turn = await waiting.finally(leave);
  if (turn === 'gone') return;
  if ('failure' in turn) return refuse(response, turn);
  // It may have ended meanwhile.
  const still = findSession(request, context.sessions, context.principal);
  if ('id' in still) return takeUp(still, { request, response, posted, turn }, context);
  turn.release();
  return refuse(response, still);
}

/** Passes on what the session has nothing against. */
function takeUp(session: Session, passing: Passing, context: PostContext): void | Promise<void> {
  const problem = checkMessages(session, passing.posted);
  if (!problem) return pass(session, passing, context);
  passing.turn?.release();
  return refuse(passing.response, problem);
}

/** Passes what has been checked on to the session's server. */
function pass(
  session: Session,
  { request, response, posted, turn }: Passing,
  { principal, guard, trail }: PostContext,
): void | Promise<void> {
  const { messages, isBatch } = posted;
  const requests = messages.filter(({ envelope }) => envelope.kind === 'request').length;
  if (requests === 0) return whenKnown(session.send(messages), () => sendText(response, 202));
  const reply: Reply = new Reply({
    response,
    principal,
    requests,
    isBatch,
    streams: session.streams,
    refine: guard.refinement(posted, request.headers),
    onDone: turn?.release,
    onCongested: (isCongested) => session.congestion(reply, isCongested),
    onAbandoned: () => session.abandon(reply),
  });
  if (isInitialize(messages)) reply.sessionId = session.id;
  const sent = session.send(messages, reply);
  if (!reply.isOpen) session.abandon(reply);
  trail?.describe();
  return sent;
}

/** The session a request names, or a new one for `initialize`. */
function pickSession(
  request: IncomingMessage,
  { messages, isBatch }: Posted,
  context: PostContext,
): Session | Refusal | Promise<Session | Refusal> {
  const { sessions, principal } = context;
  const isNamed = request.headers[mcpHeaders.session] !== undefined;
  if (!isInitialize(messages) || isNamed) {
    const session = findSession(request, sessions, principal);
    return isInitialize(messages) && 'id' in session
      ? invalid('the session is initialized already', messages)
      : session;
  }
  if (isBatch) return invalid('initialize cannot be part of a batch', messages);
  return openSession(messages, context);
}

async function openSession(
  messages: readonly ClientMessage[],
  { sessions, startups, principal }: PostContext,
): Promise<Session | Refusal> {
  const session = await sessions.open(principal);
  switch (session) {
    case 'full':
      return busy(503, 'every session is in use; end one or try again', idOf(messages));
    case 'closing':
      return busy(503, 'the bridge is shutting down', idOf(messages));
    case 'broken': {
      const seconds = Math.ceil(startups.pauseMs() / 1000);
      const text = `the MCP server fails to start (${startups.reason}); next try in ${seconds} s`;
      return busy(503, text, idOf(messages), seconds);
    }
    default:
      return session;
  }
}

function checkMessages(session: Session, { messages, isBatch }: Posted): Refusal | undefined {
  if (isBatch && session.revision !== batchRevision) {
    return invalid('this protocol revision takes one message per request');
  }
  const ids = idsOf(messages);
  if (areTaken(ids, session)) return taken(messages);
  if (!session.hasRoom(ids.length)) {
    return busy(429, 'too many requests in flight in this session', idOf(messages), 1);
  }
  return undefined;
}

function areTaken(ids: readonly RequestId[], session: Session): boolean {
  return new Set(ids).size < ids.length || ids.some((id) => session.isPending(id));
}

function taken(messages: readonly ClientMessage[]): Refusal {
  return invalid('a request with this id is in flight', messages);
}
