import type { ServerResponse } from 'node:http';
import { sendJson } from './answer.ts';
import type { Principal } from './auth.ts';
import { eventStreamHeaders, writeEvent, writeKeepAlive } from './sse.ts';

interface ReplyOptions {
  readonly response: ServerResponse;
  readonly principal: Principal;
  /** Requests in the body that it answers. */
  readonly requests: number;
  /** The answer is an array, as the body was. */
  readonly isBatch: boolean;
  /** Called when the client falls behind, and when it has caught up or is gone. */
  readonly onCongested: (isCongested: boolean) => void;
  /** Called when the client went away before the last answer. */
  readonly onAbandoned: () => void;
}

/** An ended answer may have this much still on its way before its client counts as slow. */
const comfortableBytes = 65_536;

/**
 * The answer to one POST: plain JSON when the responses come first, and an event stream from the
 * moment something else has to be said before.
 */
export class Reply {
  readonly principal: Principal;
  readonly #options: ReplyOptions;
  readonly #response: ServerResponse;
  readonly #collected: Buffer[] = [];
  #sessionId: string | undefined;
  #remaining: number;
  #status = 200;
  #isStream = false;
  #isCongested = false;

  constructor(options: ReplyOptions) {
    this.#options = options;
    this.#response = options.response;
    this.principal = options.principal;
    this.#remaining = options.requests;
    this.#response.on('drain', () => this.#setCongested(false));
    this.#response.on('close', () => {
      this.#setCongested(false);
      if (this.#remaining > 0) options.onAbandoned();
    });
  }

  /** False once the client is gone or has everything. */
  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  /** The session id to name in the head; undefined takes it back while the head is not written. */
  set sessionId(id: string | undefined) {
    this.#sessionId = id;
  }

  /** Says something before the response. */
  sendRelated(message: Buffer): void {
    this.openStream();
    this.#write(message);
  }

  /** Gives the response to one request; the last one ends the answer. A stream is under way with 200 whatever `status` says. */
  sendResponse(message: Buffer, status = 200): void {
    this.#remaining -= 1;
    this.#status = status;
    if (!this.isOpen) return;
    if (this.#isStream) {
      this.#write(message);
      if (this.#remaining === 0) this.#response.end();
      return;
    }
    this.#collected.push(message);
    if (this.#remaining === 0) this.#sendCollected();
  }

  /** Turns to an event stream now, so that a long wait keeps its connection. */
  openStream(): void {
    if (this.#isStream || !this.isOpen) return;
    this.#isStream = true;
    this.#response.writeHead(200, { ...eventStreamHeaders, ...this.#headers() });
    this.#response.flushHeaders();
    for (const message of this.#collected.splice(0)) this.#write(message);
  }

  keepAlive(): void {
    if (this.#isStream && this.isOpen) writeKeepAlive(this.#response);
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

  #write(message: Buffer): void {
    if (!this.isOpen) return;
    writeEvent(this.#response, message);
    if (this.#response.writableNeedDrain) this.#setCongested(true);
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
