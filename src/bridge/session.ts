import type { ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { fieldOf, parseJson, type ClientMessage } from '../mcp/body.ts';
import { readEnvelope, type Envelope } from '../mcp/envelope.ts';
import {
  formatCancelled,
  formatFailure,
  rpcCodes,
  type RequestId,
  type RpcFailure,
} from '../mcp/jsonrpc.ts';
import { AnswerStreams } from './answer-streams.ts';
import type { Principal } from './auth.ts';
import { randomBytes } from './builtins.ts';
import type { Child, ChildEvents } from './child.ts';
import type { BridgeBounds } from './config.ts';
import { Congestion, stallMs } from './congestion.ts';
import { describeEnding, type Ending } from './ending.ts';
import type { Log } from './log.ts';
import { Outbox } from './outbox.ts';
import { declaredIn, formatListChanged, type Kind } from './policy/changes.ts';
import type { Reply } from './reply.ts';
import { PendingRequests } from './pending.ts';
import { QueuedCalls } from './queued-calls.ts';
import { relatedRequest } from './route.ts';
import { keepAlives } from './tending.ts';

export interface SessionOptions {
  /** Names the session in the log; its id is a secret. */
  readonly label: string;
  readonly subject: string;
  readonly bounds: BridgeBounds;
  readonly memoryBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly startChild: (events: ChildEvents) => Child;
  /** The server answered `initialize`. */
  readonly onAnswered: () => void;
  /** The session is over; `hasAnswered` is false when its server never answered `initialize`. */
  readonly onOver: (ending: Ending, hasAnswered: boolean) => void;
}

const outboxMessages = 256;
const outboxBytes = 2 ** 20;

/** One client's session: one server process, the requests in flight, and what the server says unasked. */
export class Session {
  readonly id = randomBytes(24).toString('base64url');
  readonly subject: string;
  readonly label: string;
  /** The revision the server chose in its `initialize` result. */
  revision: string | undefined;
  lastUsedAt: number;
  /** Answers that are event streams. */
  readonly streams: AnswerStreams;
  readonly queued = new QueuedCalls();
  readonly #options: SessionOptions;
  readonly #child: Child;
  readonly #pending: PendingRequests;
  readonly #congestion: Congestion;
  readonly #outbox: Outbox;
  #writers = 0;
  #skipped = 0;
  #hasAnswered = false;
  #declared: ReadonlySet<Kind> = new Set();
  /** Why the session is over. */
  #failure: RpcFailure | undefined;
  readonly #isKeepAliveTime: (now: number) => boolean;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.subject = options.subject;
    this.label = options.label;
    this.lastUsedAt = options.clock.now();
    this.#isKeepAliveTime = keepAlives(this.lastUsedAt);
    this.#pending = new PendingRequests(options.clock, options.bounds);
    const onLostRequest = (idText: string): void =>
      this.#child.write(
        formatFailure(idText, { code: rpcCodes.serverFailed, message: 'no client is listening' }),
      );
    this.#outbox = new Outbox({ messages: outboxMessages, bytes: outboxBytes, onLostRequest });
    this.streams = new AnswerStreams({
      clock: options.clock,
      revision: () => this.revision,
      onLostRequest,
    });
    this.#child = options.startChild({
      onLine: (line) => this.#receive(line),
      onEnd: (ending) => this.#finish(ending),
    });
    this.#congestion = new Congestion({ child: this.#child, stallMs });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get ended(): Promise<void> {
    return this.#child.ended;
  }

  get isBusy(): boolean {
    return this.#pending.size + this.queued.size + this.#writers > 0;
  }

  /** A client has a GET stream open. */
  get isHeard(): boolean {
    return this.#outbox.isHeard;
  }

  isPending(id: RequestId): boolean {
    return this.#pending.has(id) || this.queued.has(id);
  }

  /** Whether so many more requests, or one message that needs no answer, may be taken now. A server that doesn't read gets no more. */
  hasRoom(requests: number): boolean {
    const taken = this.#pending.size + this.#writers;
    const { pendingPerSession, bodyBytes } = this.#options.bounds;
    return taken + Math.max(1, requests) <= pendingPerSession && this.#child.backlog <= bodyBytes;
  }

  /** Passes a client's messages on; resolves when a server that is behind has taken them. `reply` answers the requests. */
  send(messages: readonly ClientMessage[], reply?: Reply): Promise<void> | undefined {
    this.lastUsedAt = this.#options.clock.now();
    for (const message of messages) {
      const { envelope } = message;
      if (reply) this.#pending.add(message, reply);
      if (envelope.kind === 'notification' && envelope.method === 'notifications/cancelled') {
        const id = fieldOf(message.params, 'requestId') as RequestId;
        if (this.queued.cancel(id)) continue;
        this.#pending.cancel(id);
      }
      this.#child.write(message.line);
    }
    this.#failPending();
    const drained = this.#child.drained();
    if (drained) this.#writers += 1;
    return drained?.finally(() => (this.#writers -= 1));
  }

  /** Opens a GET stream, or goes on with an answer's. */
  listen(response: ServerResponse, principal: Principal, lastEventId: string | undefined): void {
    const now = this.#options.clock.now();
    this.lastUsedAt = now;
    response.on('close', () => (this.lastUsedAt = this.#options.clock.now()));
    if (this.streams.resume({ response, principal }, lastEventId)) return;
    this.#outbox.attach({ response, principal }, { lastEventId, now });
  }

  /** A list has changed for this client. */
  announce(kind: Kind): void {
    if (this.#declared.has(kind)) this.#outbox.push(formatListChanged(kind));
  }

  congestion(reply: Reply, isCongested: boolean): void {
    if (isCongested) this.#congestion.begin(reply, this.#options.clock.now());
    else this.#congestion.end(reply);
  }

  /** The client that opened the session left before it learned the id. */
  abandon(reply: Reply): void {
    if (this.#pending.isOpening(reply)) void this.end('its client left');
  }

  /** Answers what is in flight, closes the streams and ends the server; resolves when it is gone. */
  end(reason: string): Promise<void> {
    return this.#child.stop({ kind: 'stopped', reason });
  }

  /** Runs what time demands: deadlines, keep-alives, slow readers, tokens that are no longer valid. */
  sweep(now: number, isCurrent: (principal: Principal) => boolean): void {
    const keepAlive = this.#isKeepAliveTime(now);
    const expired = this.#pending.sweep({ now, keepAlive, isCurrent });
    for (const { method, idText, isCancelled } of expired) {
      if (method === 'initialize') void this.#child.stop({ kind: 'silent' });
      else if (!isCancelled) this.#child.write(formatCancelled(idText, 'timed out'));
    }
    this.#congestion.sweep(now, isCurrent);
    this.streams.sweep(now);
    this.#outbox.sweep({ now, stallMs, keepAlive, isCurrent });
  }

  #receive(line: Buffer): void {
    const envelope = readEnvelope(line);
    if (!envelope) {
      this.#skipped += 1;
      if (this.#skipped === 1) this.#log('wrote a line on stdout that is no message; skipped');
    } else if (envelope.kind === 'response') this.#respond(envelope.id, line);
    else this.#relay(envelope, line);
  }

  #respond(id: RequestId | undefined, line: Buffer): void {
    const request = this.#pending.take(id);
    if (!request) return;
    this.lastUsedAt = this.#options.clock.now();
    const isRefusal = request.method === 'initialize' && !this.#readInitialized(line);
    if (isRefusal) request.reply.sessionId = undefined;
    request.reply.sendResponse(line);
    if (isRefusal) void this.end('the MCP server refused to initialize');
  }

  /** Reads the result of `initialize`; false when it is an error. */
  #readInitialized(line: Buffer): boolean {
    this.#hasAnswered = true;
    this.#options.onAnswered();
    const result = fieldOf(parseJson(line), 'result');
    const revision = fieldOf(result, 'protocolVersion');
    this.revision = typeof revision === 'string' ? revision : undefined;
    this.#declared = declaredIn(result);
    return typeof result === 'object' && result !== null;
  }

  #relay(envelope: Extract<Envelope, { method: string }>, line: Buffer): void {
    const isProgress = envelope.method === 'notifications/progress';
    const request = relatedRequest(envelope, {
      inFlight: this.#pending.list(),
      progressToken: isProgress
        ? (fieldOf(fieldOf(parseJson(line), 'params'), 'progressToken') as RequestId)
        : undefined,
      isHeard: this.isHeard,
    });
    const requestIdText = envelope.kind === 'request' ? envelope.idText : undefined;
    if (!request) return this.#outbox.push(line, requestIdText);
    // Nobody waits for ever for a client that left.
    if (isProgress && request.reply.isConnected) this.#pending.prolong(request);
    request.reply.sendRelated(line, requestIdText);
  }

  #finish(ending: Ending): void {
    if (this.#failure) return;
    this.#failure = describeEnding(ending, this.#options.memoryBytes);
    this.#failPending();
    this.#outbox.close();
    if (this.#skipped > 1) this.#log(`${this.#skipped} lines on stdout were skipped`);
    this.#options.onOver(ending, this.#hasAnswered);
  }

  /** A server may have failed to start before the first request comes to it. */
  #failPending(): void {
    if (!this.#failure) return;
    for (const { idText, reply } of this.#pending.takeAll()) {
      if (!this.#hasAnswered) reply.sessionId = undefined;
      reply.sendResponse(formatFailure(idText, this.#failure));
    }
  }

  #log(text: string): void {
    this.#options.log(`session ${this.label}: ${text}`);
  }
}
