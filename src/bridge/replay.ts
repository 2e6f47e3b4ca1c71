/** How far an event has come on its way to the client. */
export const deliveries = {
  /** Nobody was connected. */
  waiting: 0,
  /** Given to a connection that may yet break. */
  written: 1,
  /** The connection has taken all of it. */
  taken: 2,
} as const;

/** One event of an answer's stream. */
export interface KeptEvent {
  readonly stream: number;
  readonly sequence: number;
  readonly message: Buffer;
  /** The id the server waits for an answer to, when the message is a request. */
  readonly requestIdText: string | undefined;
  delivery: (typeof deliveries)[keyof typeof deliveries];
}

interface ReplayOptions {
  readonly messages: number;
  readonly bytes: number;
  /** A request of the server fell out before any client was given it. */
  readonly onLostRequest: (requestIdText: string) => void;
}

/**
 * The latest events of a session's answers, for clients that lose a connection. When it is full, what a
 * connection has taken falls out first, then what one was given, so that a busy stream doesn't push out
 * an answer nobody has fetched yet; among equals the oldest. A message above the bound is not kept.
 */
export class Replay {
  readonly #options: ReplayOptions;
  #events: KeptEvent[] = [];
  #bytes = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of the message. The event it returns may be marked as delivered. */
  add(event: KeptEvent): KeptEvent {
    const kept = { ...event, message: ownBytes(event.message) };
    this.#bytes += kept.message.length;
    if (kept.message.length > this.#options.bytes) {
      this.#letGo(kept);
      return kept;
    }
    this.#events.push(kept);
    this.#trim();
    return kept;
  }

  /** What is kept of a stream behind a position, in order. */
  after(stream: number, sequence: number): KeptEvent[] {
    return this.#events.filter((one) => one.stream === stream && one.sequence > sequence);
  }

  has(stream: number): boolean {
    return this.#events.some((one) => one.stream === stream);
  }

  forget(stream: number): void {
    const gone = this.after(stream, 0);
    this.#events = this.#events.filter((one) => one.stream !== stream);
    for (const event of gone) this.#letGo(event);
  }

  #trim(): void {
    const { messages, bytes } = this.#options;
    while (this.#events.length > messages || this.#bytes > bytes) {
      for (const event of this.#events.splice(this.#dispensable(), 1)) this.#letGo(event);
    }
  }

  #dispensable(): number {
    const best = Math.max(...this.#events.map(({ delivery }) => delivery));
    return this.#events.findIndex(({ delivery }) => delivery === best);
  }

  #letGo({ message, delivery, requestIdText }: KeptEvent): void {
    this.#bytes -= message.length;
    if (delivery !== deliveries.waiting || requestIdText === undefined) return;
    this.#options.onLostRequest(requestIdText);
  }
}

/** A line is often a view of a larger chunk, which keeping the view would keep as well. */
function ownBytes(message: Buffer): Buffer {
  return message.buffer.byteLength === message.length ? message : Buffer.from(message);
}
