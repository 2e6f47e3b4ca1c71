import type { Agent } from 'node:http';
import type { Clock } from '../clock.ts';
import { isInitialize } from '../mcp/body.ts';
import { rpcCodes, type RpcFailure } from '../mcp/jsonrpc.ts';
import { mcpHeaders } from '../mcp/protocol.ts';
import { refuse } from './answer.ts';
import type { BridgeConfig, HttpTarget } from './config.ts';
import { describeEnding } from './ending.ts';
import type { Forward } from './endpoint.ts';
import { HttpExchange } from './http-exchange.ts';
import { answerFailure, askedIn } from './http-failure.ts';
import { headersForServer } from './http-headers.ts';
import type { HttpProcess, Run } from './http-process.ts';
import { mayBeSilent, readRequest, unavailable, unknownSession } from './http-request.ts';
import type { HttpSessions } from './http-sessions.ts';
import { asksFor, declaredInText, formatListChanged, type Kind } from './policy/changes.ts';
import type { Guard } from './policy/guard.ts';
import { contextHeaders } from './policy/user-context.ts';
import type { Posted } from './post.ts';
import { busy, idOf } from './refusals.ts';
import type { BodyReader } from './read-body.ts';
import type { Startups } from './startups.ts';
import { within } from './within.ts';

export interface ForwardOptions {
  readonly target: HttpTarget;
  readonly config: Pick<BridgeConfig, 'bounds' | 'memoryBytes' | 'server'>;
  readonly clock: Clock;
  readonly bodies: BodyReader;
  readonly guard: Guard;
  readonly startups: Startups;
  readonly agent: Agent;
  readonly process: HttpProcess;
  readonly sessions: HttpSessions;
  /** What is on its way. */
  readonly exchanges: Set<HttpExchange>;
  /** The server was introduced: its clients may be told of changes of these lists. */
  readonly onDeclared: (kinds: ReadonlySet<Kind>) => void;
}

/** After a connection broke off, its server's end tells why; it may be known a little later. */
const endingMs = 1_500;

/** Passes requests on to a server that speaks HTTP itself, and its answers back. */
export function createForward(options: ForwardOptions): Forward {
  const { config, sessions, exchanges, agent, clock, guard } = options;
  const { bounds } = config;
  /** Bytes of bodies that the server has not taken. */
  let untaken = 0;

  const hasRoom = (): boolean => {
    const waiting = [...exchanges].filter(({ isListening }) => !isListening).length;
    return untaken <= bounds.bodyBytes && waiting < bounds.pendingPerSession;
  };

  return async (request, response, { principal, trail, scopeChallenge }) => {
    const { method = '' } = request;
    // Before the body is read: it stays with its client as long as the server starts.
    const run = await options.process.up();
    if (response.destroyed) return trail?.abandoned();
    if (typeof run === 'string') return refuse(response, unavailable(run, options.startups));
    const sessionId = request.headers[mcpHeaders.session];
    const isTheirs = typeof sessionId === 'string' && sessions.isOf(sessionId, principal.subject);
    if (trail && isTheirs) trail.session = sessions.labelOf(sessionId);
    const posted = await readRequest(request, {
      bodies: options.bodies,
      guard,
      principal,
      trail,
      scopeChallenge,
    });
    if (posted === 'gone' || response.destroyed) return trail?.abandoned();
    if ('failure' in posted) return refuse(response, posted);
    const { messages, body } = posted;
    if (typeof sessionId === 'string' && !sessions.isOf(sessionId, principal.subject)) {
      return refuse(response, unknownSession(idOf(messages)));
    }
    if (!hasRoom()) {
      return refuse(response, busy(429, 'too many requests in flight', idOf(messages), 1));
    }
    const asked = askedIn(posted);
    if ('cause' in run) {
      return answerFailure(response, asked, describeEnding(run, config.memoryBytes));
    }

    const turn = await guard.turn(posted, response, principal);
    if (turn === 'gone') return;
    if (turn && 'failure' in turn) return refuse(response, turn);
    if (turn) response.on('close', turn.release);

    let held = body.length;
    untaken += held;
    const exchange = new HttpExchange({
      target: options.target,
      agent,
      method,
      headers: {
        ...headersForServer(request.headers),
        ...(method === 'POST' ? { 'Content-Length': String(body.length) } : {}),
        ...contextHeaders(guard.contextOf(principal), config.server.userAware === true),
      },
      body,
      asked,
      isListening: method !== 'DELETE' && mayBeSilent(posted),
      response,
      principal,
      sessionId,
      news: (kind) => newsFor(posted, kind),
      onText: isInitialize(messages)
        ? (text) => options.onDeclared(declaredInText(text))
        : undefined,
      clock,
      requestMs: bounds.requestMs,
      lineBytes: bounds.lineBytes,
      refine: guard.isHiding() ? guard.refinement(posted, request.headers) : undefined,
      onHead: ({ statusCode = 0, headers }) => {
        const id = headers[mcpHeaders.session];
        if (typeof id === 'string') sessions.bind(id, principal.subject);
        if (trail && typeof id === 'string') trail.session = sessions.labelOf(id);
        const isEnded = statusCode === 404 || (method === 'DELETE' && statusCode < 300);
        if (typeof sessionId === 'string' && isEnded) sessions.forget(sessionId);
      },
      onTaken: () => {
        untaken -= held;
        held = 0;
      },
      onOver: () => void exchanges.delete(exchange),
      explain: () => explain(run, config.memoryBytes),
    });
    exchanges.add(exchange);
    trail?.describe();
  };
}

/** What a client is told of a list, on the stream of its request; undefined when that did not ask for it. */
function newsFor({ messages }: Posted, kind: Kind): Buffer | undefined {
  const [message] = messages;
  if (!message) return formatListChanged(kind);
  const { envelope, params } = message;
  if (envelope.kind !== 'request' || !asksFor(params, kind)) return undefined;
  return formatListChanged(kind, envelope.idText);
}

async function explain(run: Run, memoryBytes: number): Promise<RpcFailure> {
  const hasEnded = await within(run.ended, endingMs);
  return hasEnded ? describeEnding(await run.ended, memoryBytes) : brokenOff;
}

const brokenOff: RpcFailure = {
  code: rpcCodes.serverFailed,
  message: 'the MCP server broke the connection off',
  data: { kind: 'connection' },
};
