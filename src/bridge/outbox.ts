import type { ServerResponse } from 'node:http';
import type { Principal } from './auth.ts';
import { eventStreamHeaders, writeEvent, writeKeepAlive } from './sse.ts';

interface Entry {
  readonly sequence: number;
  readonly message: Buffer;
  /** The id the server waits for an answer to, when the message is a request. */
  readonly requestIdText: string | undefined;
  /** The stream it was written to; undefined while there was none. */
  stream: number | undefined;
}

interface Stream {
  /** Counts the streams of a session, from 1; a client that comes back goes on with its own. */
  readonly number: number;
  readonly response: ServerResponse;
  readonly principal: Principal;
  /** The last message that was written here, or that its client came back with. */
  reached: number;
  /** When it last took everything, in ms. */
  caughtUpAt: number;
}

interface OutboxOptions {
  /** How much is kept, for a client that is not listening or comes back. */
  readonly messages: number;
  readonly bytes: number;
  /** A request of the server fell out before any client saw it. */
  readonly onLostRequest: (requestIdText: string) => void;
}

const streamsAtMost = 4;

/**
 * What the server says of its own accord, and the GET streams that carry it. Each message goes to one
 * stream, the newest, under an id, `g<stream>_<sequence>`; a client that comes back with `Last-Event-ID`
 * gets what it missed of that stream, as far as it is kept. A slow stream is waited for: messages stay
 * here, and the oldest fall out.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries: Entry[] = [];
  readonly #streams: Stream[] = [];
  #bytes = 0;
  #count = 0;
  #next = 1;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get isHeard(): boolean {
    return this.#streams.length > 0;
  }

  /** Takes a copy of the message. */
  push(message: Buffer, requestIdText?: string): void {
    this.#entries.push({
      sequence: this.#next++,
      message: Buffer.from(message),
      requestIdText,
      stream: undefined,
    });
    this.#bytes += message.length;
    this.#flush();
    while (
      this.#entries.length > this.#options.messages ||
      (this.#bytes > this.#options.bytes && this.#entries.length > 1)
    ) {
      this.#dropOldest();
    }
  }

  /** Opens a GET stream, or goes on with one; `lastEventId` is the header as sent. */
  attach(
    { response, principal }: { response: ServerResponse; principal: Principal },
    { lastEventId, now }: { lastEventId: string | undefined; now: number },
  ): void {
    const stream: Stream = { ...this.#place(lastEventId), response, principal, caughtUpAt: now };
    // Two connections never carry one stream; the one before is most likely dead.
    const before = this.#streams.findLast(({ number }) => number === stream.number);
    const oldest = this.#streams.length >= streamsAtMost ? this.#streams[0] : undefined;
    (before ?? oldest)?.response.destroy();
    this.#streams.push(stream);
    response.on('drain', () => this.#flush());
    response.on('close', () => {
      this.#streams.splice(this.#streams.indexOf(stream), 1);
      this.#flush();
    });
    response.writeHead(200, eventStreamHeaders);
    response.flushHeaders();
    this.#flush();
  }

  /** Keeps good streams alive and closes those whose token or patience has run out. */
  sweep(options: {
    now: number;
    stallMs: number;
    keepAlive: boolean;
    isCurrent: (principal: Principal) => boolean;
  }): void {
    for (const stream of this.#streams) {
      const { response, principal } = stream;
      if (!response.writableNeedDrain) stream.caughtUpAt = options.now;
      if (!options.isCurrent(principal)) response.end();
      else if (options.now - stream.caughtUpAt > options.stallMs) response.destroy();
      else if (options.keepAlive) writeKeepAlive(response);
    }
  }

  close(): void {
    for (const { response } of this.#streams) response.end();
  }

  /** The stream that a client comes back to and how far it had got, or a new one. */
  #place(lastEventId: string | undefined): Pick<Stream, 'number' | 'reached'> {
    const [, stream, sequence] = /^g(\d{1,15})_(\d{1,15})$/.exec(lastEventId ?? '') ?? [];
    const number = Number(stream);
    if (number >= 1 && number <= this.#count) return { number, reached: Number(sequence) };
    this.#count += 1;
    return { number: this.#count, reached: 0 };
  }

  #flush(): void {
    const newest = this.#streams.findLast(({ response }) => !response.writableEnded);
    for (const stream of this.#streams) this.#write(stream, stream === newest);
  }

  /** Writes what a stream's client has missed and, to the newest, what no stream was given. */
  #write(stream: Stream, isNewest: boolean): void {
    const { number, response } = stream;
    for (const entry of this.#entries) {
      const isMissed = entry.stream === number && entry.sequence > stream.reached;
      if (!isMissed && !(isNewest && entry.stream === undefined)) continue;
      if (response.writableNeedDrain || response.destroyed || response.writableEnded) return;
      entry.stream = number;
      stream.reached = entry.sequence;
      writeEvent(response, entry.message, { id: `g${number}_${entry.sequence}` });
    }
  }

  #dropOldest(): void {
    const entry = this.#entries.shift();
    if (!entry) return;
    this.#bytes -= entry.message.length;
    if (entry.stream !== undefined || entry.requestIdText === undefined) return;
    this.#options.onLostRequest(entry.requestIdText);
  }
}
