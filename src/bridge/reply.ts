import type { ServerResponse } from 'node:http';
import { sendJson } from './answer.ts';
import type { Principal } from './auth.ts';
import type { AnswerStream } from './answer-stream.ts';
import type { AnswerStreams, Connection, ResumableAnswer } from './answer-streams.ts';
import { trailOf, type Trail } from './records/trail.ts';
import type { Refine } from './policy/guard.ts';
import { eventStreamHeaders, writeEvent, writeKeepAlive } from './sse.ts';

interface ReplyOptions {
  readonly response: ServerResponse;
  readonly principal: Principal;
  /** Requests in the body that it answers. */
  readonly requests: number;
  /** The answer is an array, as the body was. */
  readonly isBatch: boolean;
  /** Where event streams that can be resumed are kept; without it none can. */
  readonly streams?: AnswerStreams;
  /** What each response goes through. */
  readonly refine?: Refine | undefined;
  /** Called when the last response is in, whether or not its client is still there. */
  readonly onDone?: (() => void) | undefined;
  /** Called when the client falls behind, and when it has caught up or is gone. */
  readonly onCongested: (isCongested: boolean) => void;
  /** Called when the client went away before the last answer, and cannot come back for it. */
  readonly onAbandoned: () => void;
}

/** An ended answer may have this much still on its way before its client counts as slow. */
const comfortableBytes = 65_536;

/**
 * The answer to one POST: plain JSON when the responses come first, and an event stream from the
 * moment something else has to be said before. A stream may go on when its connection is lost.
 */
export class Reply implements ResumableAnswer {
  principal: Principal;
  readonly #options: ReplyOptions;
  /** Of the connection that asked; the answer may end on another. */
  readonly #trail: Trail | undefined;
  #response: ServerResponse;
  #stream: AnswerStream | undefined;
  readonly #collected: Buffer[] = [];
  #sessionId: string | undefined;
  #remaining: number;
  #status = 200;
  #isStream = false;
  #isCongested = false;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#trail = trailOf(options.response);
    this.principal = options.principal;
    this.#remaining = options.requests;
    this.#follow(options.response);
  }

  /** False once the client has everything, or is gone and cannot come back. */
  get isOpen(): boolean {
    return this.isConnected || (!this.isComplete && this.#stream?.isResumable === true);
  }

  get isConnected(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  get isComplete(): boolean {
    return this.#remaining === 0;
  }

  /** The session id to name in the head; undefined takes it back while the head is not written. */
  set sessionId(id: string | undefined) {
    this.#sessionId = id;
  }

  /** Says something before the response. */
  sendRelated(message: Buffer, requestIdText?: string): void {
    this.openStream();
    this.#write(message, requestIdText);
  }

  /** Gives the response to one request; the last one ends the answer. A stream is under way with 200 whatever `status` says. */
  sendResponse(response: Buffer, status = 200): void {
    const message = this.#options.refine?.(response) ?? response;
    this.#status = status;
    this.#trail?.answered(message);
    if (this.#isStream) this.#write(message);
    else if (this.isConnected) this.#collected.push(message);
    this.#remaining -= 1;
    if (this.#remaining === 0) this.#options.onDone?.();
    if (this.#remaining > 0 || !this.isConnected) return;
    if (this.#isStream) this.#response.end();
    else this.#sendCollected();
  }

  /** Turns to an event stream now, so that a long wait keeps its connection. */
  openStream(): void {
    if (this.#isStream || !this.isConnected) return;
    this.#isStream = true;
    this.#response.writeHead(200, { ...eventStreamHeaders, ...this.#headers() });
    this.#response.flushHeaders();
    this.#followDrain(this.#response);
    this.#stream = this.#options.streams?.open(this);
    this.#stream?.prime(this.#response);
    for (const message of this.#collected.splice(0)) this.#write(message);
  }

  resume({ response, principal }: Connection, sequence: number): void {
    const before = this.#response;
    this.#response = response;
    this.principal = principal;
    // Two connections never carry one stream; the one before is most likely dead.
    before.destroy();
    this.#setCongested(false);
    this.#follow(response);
    response.writeHead(200, eventStreamHeaders);
    response.flushHeaders();
    this.#followDrain(response);
    this.#stream?.repeat(response, sequence);
    if (response.writableNeedDrain) this.#setCongested(true);
    if (this.isComplete) response.end();
  }

  pause(): void {
    if (this.#isCongested) return;
    this.#stream?.prime(this.#response);
    this.#response.end();
  }

  keepAlive(): void {
    if (this.#isStream && this.isConnected) writeKeepAlive(this.#response);
  }

  /** Cuts the connection. */
  drop(): void {
    this.#response.destroy();
  }

  #sendCollected(): void {
    const [first = Buffer.alloc(0)] = this.#collected;
    const json = this.#options.isBatch ? joinArray(this.#collected) : first;
    sendJson(this.#response, { status: this.#status, json, headers: this.#headers() });
    if (this.#response.writableLength > comfortableBytes) {
      this.#setCongested(true);
      this.#response.on('finish', () => this.#setCongested(false));
    }
  }

  #follow(response: ServerResponse): void {
    response.on('close', () => {
      if (response !== this.#response) return;
      this.#setCongested(false);
      if (this.isComplete || this.isOpen) return;
      this.#trail?.abandoned();
      this.#options.onAbandoned();
    });
  }

  /** Only a stream falls behind before its end. */
  #followDrain(response: ServerResponse): void {
    response.on('drain', () => {
      if (response === this.#response) this.#setCongested(false);
    });
  }

  #write(message: Buffer, requestIdText?: string): void {
    if (!this.isOpen) return;
    const response = this.isConnected ? this.#response : undefined;
    if (this.#stream) this.#stream.say(message, { response, requestIdText });
    else if (response) writeEvent(response, message);
    if (response?.writableNeedDrain) this.#setCongested(true);
  }

  #headers(): Record<string, string> {
    return this.#sessionId === undefined ? {} : { 'Mcp-Session-Id': this.#sessionId };
  }

  #setCongested(isCongested: boolean): void {
    if (this.#isCongested === isCongested) return;
    this.#isCongested = isCongested;
    this.#options.onCongested(isCongested);
  }
}

function joinArray(elements: readonly Buffer[]): Buffer {
  const parts = elements.flatMap((element) => [Buffer.from(','), element]);
  return Buffer.concat([Buffer.from('['), ...parts.slice(1), Buffer.from(']')]);
}
