import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { formatFailure, type RpcFailure } from '../mcp/jsonrpc.ts';
import type { Principal } from './auth.ts';
import { sendRequest } from './builtins.ts';
import type { HttpTarget } from './config.ts';
import { answerFailure, describeUnfit, isUnfit, timedOut, type Asked } from './http-failure.ts';
import { headersForClient, isEventStream } from './http-headers.ts';
import { HttpAnswer } from './records/http-answer.ts';
import { trailOf } from './records/trail.ts';
import { writeEvent, writeKeepAlive } from './sse.ts';

interface ExchangeOptions {
  readonly target: HttpTarget;
  readonly agent: Agent;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly asked: Asked;
  readonly isListening: boolean;
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly clock: Clock;
  readonly requestMs: number;
  readonly onHead: (answer: IncomingMessage) => void;
  /** The server has taken the body, or never will. */
  readonly onTaken: () => void;
  readonly onOver: () => void;
  /** Why the connection broke off. */
  readonly explain: () => Promise<RpcFailure>;
}

/** How long a client may leave an answer unread. */
const stallMs = 60_000;

/** One request on its way to the server and back. */
export class HttpExchange {
  readonly isListening: boolean;
  readonly #options: ExchangeOptions;
  readonly #request: ClientRequest;
  #isStream = false;
  /** The last bytes of a stream: an event may be added after a blank line only. */
  #tail = '';
  #lastByteAt: number;
  #isOver = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { target, agent, method, headers, body, response } = options;
    this.isListening = options.isListening;
    this.#lastByteAt = options.clock.now();
    this.#request = sendRequest({ host: '127.0.0.1', ...target, agent, method, headers });
    this.#request.on('response', (answer) => this.#relay(answer));
    this.#request.on('error', () => void this.#breakOff());
    this.#request.on('finish', options.onTaken).on('close', options.onTaken);
    response.on('close', () => {
      this.#isOver = true;
      trailOf(response)?.abandoned();
      this.#request.destroy();
      options.onOver();
    });
    this.#request.end(body.length > 0 ? body : undefined);
  }

  /** Ends what is too slow, silent for too long, or no longer allowed. */
  sweep(now: number, isCurrent: (principal: Principal) => boolean, keepAlive: boolean): void {
    const { response, principal, requestMs } = this.#options;
    const quietMs = now - this.#lastByteAt;
    if (!isCurrent(principal) || (response.writableNeedDrain && quietMs >= stallMs)) {
      response.destroy();
    } else if (!this.#isOver && !this.isListening && quietMs >= requestMs) {
      this.#giveUp(timedOut);
    } else if (keepAlive && !this.#isOver && this.#isBetweenEvents) {
      writeKeepAlive(response);
    }
  }

  #relay(answer: IncomingMessage): void {
    const { response, onHead, clock } = this.#options;
    answer.on('error', () => void this.#breakOff());
    const status = answer.statusCode ?? 0;
    if (isUnfit(status)) return this.#giveUp(describeUnfit(status));
    onHead(answer);
    this.#isStream = isEventStream(answer.headers);
    response.writeHead(status, headersForClient(answer.headers));
    if (this.#isStream) response.flushHeaders();
    const trail = trailOf(response);
    const { 'content-length': length } = answer.headers;
    const followed =
      trail &&
      new HttpAnswer({
        trail,
        status,
        isStream: this.#isStream,
        length: length === undefined ? undefined : Number(length),
      });
    answer.on('data', (chunk: Buffer) => {
      followed?.push(chunk);
      this.#lastByteAt = clock.now();
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 4))).slice(-4);
    });
    answer.on('end', () => {
      this.#isOver = true;
      followed?.end();
      response.end();
    });
    answer.pipe(response, { end: false });
  }

  get #isBetweenEvents(): boolean {
    return this.#isStream && /^$|\n\n$|\r\n\r\n$|\r\r$/.test(this.#tail);
  }

  #giveUp(failure: RpcFailure): void {
    this.#isOver = true;
    this.#request.destroy();
    this.#fail(failure);
  }

  async #breakOff(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const failure = await this.#options.explain();
    if (!this.#options.response.destroyed) this.#fail(failure);
  }

  /** Tells the client what it can still be told. */
  #fail(failure: RpcFailure): void {
    const { response, asked } = this.#options;
    if (!response.headersSent) return answerFailure(response, asked, failure);
    if (!this.#isBetweenEvents) {
      trailOf(response)?.lost();
      return void response.destroy();
    }
    for (const idText of asked.idTexts) {
      const error = formatFailure(idText, failure);
      trailOf(response)?.answered(error);
      writeEvent(response, error);
    }
    response.end();
  }
}
