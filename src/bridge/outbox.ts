import type { ServerResponse } from 'node:http';
import type { Principal } from './auth.ts';
import { eventStreamHeaders, writeEvent, writeKeepAlive } from './sse.ts';

interface Entry {
  readonly sequence: number;
  readonly message: Buffer;
  /** The id the server waits for an answer to, when the message is a request. */
  readonly requestIdText: string | undefined;
}

interface Stream {
  readonly response: ServerResponse;
  readonly principal: Principal;
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
 * stream, the newest; a client that comes back with `Last-Event-ID` gets what it missed, as far as it
 * is kept. A slow stream is waited for: messages stay here, and the oldest fall out.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries: Entry[] = [];
  readonly #streams: Stream[] = [];
  #bytes = 0;
  #next = 1;
  /** The first message that no stream has been given. */
  #cursor = 1;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get isHeard(): boolean {
    return this.#streams.length > 0;
  }

  /** Takes a copy of the message. */
  push(message: Buffer, requestIdText?: string): void {
    this.#entries.push({ sequence: this.#next++, message: Buffer.from(message), requestIdText });
    this.#bytes += message.length;
    this.#flush();
    while (
      this.#entries.length > this.#options.messages ||
      (this.#bytes > this.#options.bytes && this.#entries.length > 1)
    ) {
      this.#dropOldest();
    }
  }

  /** Opens a GET stream; `lastEventId` is the header as sent. */
  attach(
    { response, principal }: { response: ServerResponse; principal: Principal },
    { lastEventId, now }: { lastEventId: string | undefined; now: number },
  ): void {
    const stream: Stream = { response, principal, caughtUpAt: now };
    if (this.#streams.length >= streamsAtMost) this.#streams[0]?.response.destroy();
    this.#streams.push(stream);
    response.on('drain', () => this.#flush());
    response.on('close', () => {
      this.#streams.splice(this.#streams.indexOf(stream), 1);
      this.#flush();
    });
    response.writeHead(200, eventStreamHeaders);
    response.flushHeaders();
    if (/^\d{1,15}$/.test(lastEventId ?? '')) {
      this.#cursor = Math.min(this.#cursor, Number(lastEventId) + 1);
    }
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

  #flush(): void {
    const response = this.#streams.findLast(({ response: one }) => !one.writableEnded)?.response;
    if (!response) return;
    for (const { sequence, message } of this.#entries) {
      if (sequence < this.#cursor) continue;
      if (response.writableNeedDrain || response.destroyed) return;
      writeEvent(response, message, { id: String(sequence) });
      this.#cursor = sequence + 1;
    }
  }

  #dropOldest(): void {
    const entry = this.#entries.shift();
    if (!entry) return;
    this.#bytes -= entry.message.length;
    if (entry.sequence < this.#cursor) return;
    this.#cursor = entry.sequence + 1;
    if (entry.requestIdText !== undefined) this.#options.onLostRequest(entry.requestIdText);
  }
}
