import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../clock.ts';
import { formatFailure, type RpcFailure } from '../mcp/jsonrpc.ts';
import type { Principal } from './auth.ts';
import { sendRequest } from './builtins.ts';
import type { HttpTarget } from './config.ts';
import { stallMs } from './congestion.ts';
import {
  answerFailure,
  describeUnfit,
  isUnfit,
  timedOut,
  unreadable,
  type Asked,
} from './http-failure.ts';
import { headersForClient, isEventStream } from './http-headers.ts';
import { HttpAnswer } from './records/http-answer.ts';
import { trailOf } from './records/trail.ts';
import { refineEvents, refineJson } from './http-refine.ts';
import type { Kind } from './policy/changes.ts';
import { passOneBehind } from './one-behind.ts';
import type { Refine } from './policy/guard.ts';
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
  /** The session that the request names. */
  readonly sessionId: string | string[] | undefined;
  /** What its stream says when a list has changed. */
  readonly news: (kind: Kind) => Buffer | undefined;
  /** Hears the beginning of the answer, at its end. */
  readonly onText: ((text: string) => void) | undefined;
  /** What the answer goes through; undefined when it passes as it is. */
  readonly refine: Refine | undefined;
  /** The longest event of a stream that is refined, and the longest answer, in bytes. */
  readonly lineBytes: number;
  readonly onHead: (answer: IncomingMessage) => void;
  /** The server has taken the body, or never will. */
  readonly onTaken: () => void;
  readonly onOver: () => void;
  /** Why the connection broke off. */
  readonly explain: () => Promise<RpcFailure>;
}

/** One request on its way to the server and back. */
export class HttpExchange {
  readonly isListening: boolean;
  readonly #options: ExchangeOptions;
  readonly #request: ClientRequest;
  #isStream = false;
  /** The last bytes of a stream: an event may be added after a blank line only. */
  #tail = '';
  #lastByteAt: number;
  /** What waits for the end of an event. */
  #unsaid: Buffer[] = [];
  #isOver = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { target, agent, method, headers, body, response } = options;
    this.isListening = options.isListening;
    this.#lastByteAt = options.clock.now();
    this.#request = sendRequest({ host: '127.0.0.1', ...target, agent, method, headers });
    this.#request.on('response', (answer) => this.#relay(answer));
    // Else nobody would hear of a server that wants to speak another protocol.
    this.#request.on('upgrade', () => this.#giveUp(describeUnfit(101)));
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

  get sessionId(): string | string[] | undefined {
    return this.#options.sessionId;
  }

  /** A list has changed for this client: its stream says so, now or after the event that is under way. */
  announce(kind: Kind): void {
    const message = this.#options.news(kind);
    if (message) this.#unsaid.push(message);
    this.#sayUnsaid();
  }

  /** Ends what is too slow, silent for too long, or no longer allowed. */
  sweep(now: number, isCurrent: (principal: Principal) => boolean, keepAlive: boolean): void {
    this.#sayUnsaid();
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

  #sayUnsaid(): void {
    if (this.#isOver || !this.#isBetweenEvents) return;
    for (const message of this.#unsaid.splice(0)) writeEvent(this.#options.response, message);
  }

  #relay(answer: IncomingMessage): void {
    const { response, onHead, clock } = this.#options;
    answer.on('error', () => void this.#breakOff());
    const status = answer.statusCode ?? 0;
    if (isUnfit(status)) return this.#giveUp(describeUnfit(status));
    onHead(answer);
    this.#isStream = isEventStream(answer.headers);
    const { refine, lineBytes, onText } = this.#options;
    if (onText) listenTo(answer, onText);
    if (refine && !this.#isStream) return this.#relayWhole(answer, refine);
    const { 'content-length': length, ...headers } = headersForClient(answer.headers);
    // What goes through refinement may get shorter.
    const isExact = length !== undefined && !refine;
    response.writeHead(status, isExact ? { ...headers, 'content-length': length } : headers);
    if (this.#isStream) response.flushHeaders();
    const followed = this.#follow(status, length === undefined ? undefined : Number(length));
    answer.on('data', (chunk: Buffer) => {
      followed?.push(chunk);
      this.#lastByteAt = clock.now();
      this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 4))).slice(-4);
    });
    if (!this.#isStream && length === undefined) {
      // It is recorded at its end, and no client may have all of it before.
      return passOneBehind(answer, response, () => this.#end(followed));
    }
    const said = refine ? answer.pipe(refineEvents(refine, lineBytes)) : answer;
    if (refine) said.on('error', () => response.destroy());
    said.on('end', () => {
      this.#end(followed);
      response.end();
    });
    said.pipe(response, { end: false });
  }

  /** An answer that something may have to be taken out of, as a whole. */
  #relayWhole(answer: IncomingMessage, refine: Refine): void {
    const { response, lineBytes } = this.#options;
    const { statusCode = 0, headers } = answer;
    if (headers['content-encoding'] !== undefined) return this.#giveUp(unreadable);
    const chunks: Buffer[] = [];
    let size = 0;
    answer.on('data', (chunk: Buffer) => {
      this.#lastByteAt = this.#options.clock.now();
      chunks.push(chunk);
      size += chunk.length;
      if (size > lineBytes) this.#giveUp(unreadable);
    });
    answer.on('end', () => {
      if (this.#isOver) return;
      this.#isOver = true;
      const json = refineJson(Buffer.concat(chunks), refine);
      const followed = this.#follow(statusCode, json.length);
      followed?.push(json);
      followed?.end();
      response.writeHead(statusCode, {
        ...headersForClient(headers),
        'content-length': json.length,
      });
      response.end(json);
    });
  }

  /** What records the answer, when it is one to a request. */
  #follow(status: number, length: number | undefined): HttpAnswer | undefined {
    const trail = trailOf(this.#options.response);
    return trail && new HttpAnswer({ trail, status, isStream: this.#isStream, length });
  }

  /** The server has said everything. */
  #end(followed: HttpAnswer | undefined): void {
    this.#isOver = true;
    followed?.end();
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

function listenTo(answer: IncomingMessage, onText: (text: string) => void): void {
  let text = '';
  answer.on('data', (chunk: Buffer) => {
    if (text.length < overheardBytes) text += chunk.toString('utf8');
  });
  answer.on('end', () => onText(text));
}

/** An answer to `initialize` is a few hundred bytes. */
const overheardBytes = 2 ** 18;
