import type { IncomingMessage, ServerResponse } from 'node:http';
import { fieldOf, parseBody, type ClientMessage, type ParsedBody } from '../mcp/body.ts';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { requiredScope } from '../policy/scopes.ts';
import { refuse, type Refusal } from './answer.ts';
import type { Principal } from './auth.ts';
import { labelOf } from './find-session.ts';
import { checkModern, isModern } from './modern/check.ts';
import type { Stateless } from './modern/stateless.ts';
import { acceptsAnswers, isJson } from './negotiation.ts';
import type { Guard } from './policy/guard.ts';
import type { Body, BodyReader } from './read-body.ts';
import type { Trail } from './records/trail.ts';
import { busy, idOf, notAnswerable, notJson, tooLarge } from './refusals.ts';
import { takeInSession } from './session-post.ts';
import type { Sessions } from './sessions.ts';
import type { Startups } from './startups.ts';
import { whenKnown } from './when-known.ts';

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
export function handlePost(
  request: IncomingMessage,
  response: ServerResponse,
  context: PostContext,
): void | Promise<void> {
  // What is refused before its session is used is recorded under it too.
  if (context.trail) context.trail.session = labelOf(request, context.sessions, context.principal);
  return readMessages(request, context, (posted) => {
    // Also where it left during a look at the server's lists: nobody would hear of its end any more.
    if (posted === 'gone' || response.destroyed) return context.trail?.abandoned();
    if ('failure' in posted) return refuse(response, posted);
    const takeIt = isModern(request.headers, posted) ? takeModern : takeInSession;
    return takeIt(request, response, posted, context);
  });
}

/** What a client posted, once it may be said: well-formed, within the bounds and the token's scopes. */
export type Posted = Parsed & { readonly body: Buffer };

type ReadContext = Pick<PostContext, 'bodies' | 'guard' | 'principal' | 'trail' | 'scopeChallenge'>;

/** Reads and checks the body of a POST, whatever its server speaks, and gives it to `take`. */
export function readMessages<Taken>(
  request: IncomingMessage,
  context: ReadContext,
  take: (posted: Posted | Refusal | 'gone') => Taken | Promise<Taken>,
): Taken | Promise<Taken> {
  if (!acceptsAnswers(request.headers.accept)) return take(notAnswerable);
  if (!isJson(request.headers['content-type'])) return take(notJson);
  return context.bodies.read(request, (body) => whenKnown(checkBody(body, request, context), take));
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
  return whenKnown(guard.lookUp(parsed.messages), check);
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
  const turn = await guard.turn(parsed, response, principal);
  if (turn === 'gone') return;
  if (turn && 'failure' in turn) return refuse(response, turn);
  if (turn) response.on('close', turn.release);
  const refine = guard.refinement(parsed, headers);
  const taken = message && stateless.take(message, { headers, response, refine }, principal);
  trail?.describe();
  await taken;
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
