import type { IncomingMessage, ServerResponse } from 'node:http';
import { fieldOf, parseBody, type ClientMessage, type ParsedBody } from '../mcp/body.ts';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { batchRevision, mcpHeaders } from '../mcp/protocol.ts';
import { requiredScope } from '../policy/scopes.ts';
import { refuse, sendText, type Refusal } from './answer.ts';
import type { Principal } from './auth.ts';
import { checkModern, isModern } from './modern/check.ts';
import type { Stateless } from './modern/stateless.ts';
import { acceptsAnswers, isJson } from './negotiation.ts';
import type { Guard } from './policy/guard.ts';
import type { Body, BodyReader } from './read-body.ts';
import type { Trail } from './records/trail.ts';
import { busy, idOf, invalid, notAcceptable, notJson, tooLarge } from './refusals.ts';
import { Reply } from './reply.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { Startups } from './startups.ts';
import { checkRevision } from './revision.ts';
import { findSession, labelOf } from './find-session.ts';

export interface PostContext {
  readonly sessions: Sessions;
  readonly stateless: Stateless;
  readonly startups: Startups;
  readonly bodies: BodyReader;
  readonly guard: Guard;
  readonly principal: Principal;
  /** What is asked and answered is recorded in it. */
  readonly trail: Trail | undefined;
  /** The `WWW-Authenticate` value for a call outside the token's scopes. */
  readonly scopeChallenge: (scope: string) => string;
}

type Parsed = Extract<ParsedBody, { messages: readonly ClientMessage[] }>;

/** Takes a client's messages: answers requests, passes everything on. */
export async function handlePost(
  request: IncomingMessage,
  response: ServerResponse,
  context: PostContext,
): Promise<void> {
  // What is refused before its session is used is recorded under it too.
  if (context.trail) context.trail.session = labelOf(request, context.sessions, context.principal);
  await readMessages(request, context, async (posted) => {
    if (posted === 'gone') return;
    if ('failure' in posted) refuse(response, posted);
    else if (!isModern(request.headers, posted)) await take(request, response, posted, context);
    else await takeModern(request, response, posted, context);
  });
}

/** Messages of a session's client. Nothing is waited for where there is nothing to wait for: it would cost a turn. */
async function take(
  request: IncomingMessage,
  response: ServerResponse,
  posted: Posted,
  context: PostContext,
): Promise<void> {
  const { messages, isBatch } = posted;
  const unspoken = checkRevision(request, context.sessions, context.principal);
  if (unspoken) return refuse(response, { ...unspoken, idText: idOf(messages) });
  const picked = pickSession(request, posted, context);
  const session = picked instanceof Promise ? await picked : picked;
  if (!('id' in session)) return refuse(response, session);
  if (context.trail) context.trail.session = session.label;
  const waiting = context.guard.turn(posted, response);
  const turn = waiting && (await waiting);
  if (turn === 'gone') return;
  if (turn && 'failure' in turn) return refuse(response, turn);
  // It may have ended while this waited.
  const still = turn ? findSession(request, context.sessions, context.principal) : session;
  const problem = 'id' in still ? checkMessages(session, messages, isBatch) : still;
  if (problem) {
    turn?.release();
    return refuse(response, problem);
  }

  const requests = messages.filter(({ envelope }) => envelope.kind === 'request').length;
  if (requests === 0) {
    await session.send(messages);
    return sendText(response, 202);
  }
  const reply: Reply = new Reply({
    response,
    principal: context.principal,
    requests,
    isBatch,
    streams: session.streams,
    refine: context.guard.refinement(posted, request.headers),
    onDone: turn?.release,
    onCongested: (isCongested) => session.congestion(reply, isCongested),
    onAbandoned: () => session.abandon(reply),
  });
  if (isInitialize(messages)) reply.sessionId = session.id;
  const sent = session.send(messages, reply);
  if (!reply.isOpen) session.abandon(reply);
  context.trail?.describe();
  await sent;
}

/** What a client posted, once it may be said: well-formed, within the bounds and the token's scopes. */
export type Posted = Parsed & { readonly body: Buffer };

type ReadContext = Pick<PostContext, 'bodies' | 'guard' | 'principal' | 'trail' | 'scopeChallenge'>;

/** Reads and checks the body of a POST, whatever its server speaks; resolves as `taking` does. */
export async function readMessages<Taken>(
  request: IncomingMessage,
  context: ReadContext,
  taking: (posted: Posted | Refusal | 'gone') => Promise<Taken>,
): Promise<Taken> {
  if (!acceptsAnswers(request.headers.accept)) return taking(notAcceptable);
  if (!isJson(request.headers['content-type'])) return taking(notJson);
  return context.bodies.read(request, async (body) => {
    const checked = checkBody(body, request, context);
    return taking(checked instanceof Promise ? await checked : checked);
  });
}

function checkBody(
  body: Body,
  { headers }: IncomingMessage,
  context: ReadContext,
): Posted | Refusal | 'gone' | Promise<Posted | Refusal> {
  if (body === 'gone') return body;
  if (body === 'too-large') return tooLarge;
  if (body === 'busy') return busy(503, 'the bridge is reading too many bodies');

  const parsed = parseBody(body);
  if ('failure' in parsed) return { status: 400, failure: parsed.failure };
  context.trail?.asked(parsed.messages);
  const outside = parsed.messages.find((message) => missingScope(message, context.principal));
  if (outside) return outOfScope(outside, context);
  const { principal, guard } = context;
  const check = (): Posted | Refusal => guard.check({ body, ...parsed }, { principal, headers });
  return guard.lookUp(parsed.messages)?.then(check) ?? check();
}

/** A message of a client that keeps no session. */
async function takeModern(
  { headers }: IncomingMessage,
  response: ServerResponse,
  parsed: Parsed,
  { stateless, guard, principal, trail }: PostContext,
): Promise<void> {
  const refusal = checkModern(headers, parsed);
  if (refusal) return refuse(response, refusal);
  const [message] = parsed.messages;
  const turn = await guard.turn(parsed, response);
  if (turn === 'gone') return;
  if (turn && 'failure' in turn) return refuse(response, turn);
  if (turn) response.on('close', turn.release);
  const refine = guard.refinement(parsed, headers);
  const taken = message && stateless.take(message, { headers, response, refine }, principal);
  trail?.describe();
  await taken;
}

/** The session a request names, or a new one for `initialize`. */
function pickSession(
  request: IncomingMessage,
  { messages, isBatch }: Parsed,
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

function checkMessages(
  session: Session,
  messages: readonly ClientMessage[],
  isBatch: boolean,
): Refusal | undefined {
  if (isBatch && session.revision !== batchRevision) {
    return invalid('this protocol revision takes one message per request');
  }
  const ids = messages.flatMap(({ envelope }) => (envelope.kind === 'request' ? envelope.id : []));
  if (new Set(ids).size < ids.length || ids.some((id) => session.isPending(id))) {
    return invalid('a request with this id is in flight', messages);
  }
  if (!session.hasRoom(ids.length)) {
    return busy(429, 'too many requests in flight in this session', idOf(messages), 1);
  }
  return undefined;
}

export function isInitialize(messages: readonly ClientMessage[]): boolean {
  return messages.some(
    ({ envelope }) => envelope.kind === 'request' && envelope.method === 'initialize',
  );
}

function missingScope(
  { envelope, params }: ClientMessage,
  { scopes }: Principal,
): string | undefined {
  if (envelope.kind === 'response') return undefined;
  const scope = requiredScope(envelope.method, fieldOf(fieldOf(params, 'ref'), 'type'));
  return scope !== undefined && !scopes.has(scope) ? scope : undefined;
}

function outOfScope(
  message: ClientMessage,
  { principal, scopeChallenge }: Pick<PostContext, 'principal' | 'scopeChallenge'>,
): Refusal {
  const scope = missingScope(message, principal) ?? '';
  return {
    status: 403,
    failure: { code: rpcCodes.refused, message: `this token lacks the scope ${scope}` },
    headers: { 'WWW-Authenticate': scopeChallenge(scope) },
    idText: idOf([message]),
  };
}
