import type { ServerResponse } from 'node:http';
import { deliveries, type KeptEvent, type Replay } from './replay.ts';
import { writeEvent, writePosition } from './sse.ts';

interface AnswerStreamOptions {
  /** Counts the streams of a session, from 1. */
  readonly number: number;
  /** Its client reads events without a message, which name a position to come back to. */
  readonly isPrimed: boolean;
  readonly replay: Replay;
}

interface SayOptions {
  readonly response: ServerResponse | undefined;
  /** As in `KeptEvent`. */
  readonly requestIdText: string | undefined;
}

/**
 * What one answer says as an event stream: each event has an id, `<stream>_<sequence>`, and is kept for
 * a while. It outlives the connections that carry it.
 */
export class AnswerStream {
  readonly number: number;
  readonly isPrimed: boolean;
  readonly #replay: Replay;
  #last = 0;

  constructor({ number, isPrimed, replay }: AnswerStreamOptions) {
    this.number = number;
    this.isPrimed = isPrimed;
    this.#replay = replay;
  }

  /** A client can know an id of it, and so come back. */
  get isResumable(): boolean {
    return this.isPrimed || this.#last > 0;
  }

  /** Something is left of it that is behind a position. */
  hasAfter(sequence: number): boolean {
    return this.#replay.after(this.number, sequence).length > 0;
  }

  /** Names a position to come back to, the latest unless one is given. */
  prime(response: ServerResponse, sequence = this.#last): void {
    if (this.isPrimed) writePosition(response, this.#id(sequence));
  }

  /** Says something; without a connection it waits for one. */
  say(message: Buffer, { response, requestIdText }: SayOptions): void {
    this.#last += 1;
    const event = this.#replay.add({
      stream: this.number,
      sequence: this.#last,
      message,
      requestIdText,
      delivery: response ? deliveries.written : deliveries.waiting,
    });
    if (response) this.#write(response, event);
  }

  /** Says again what is kept behind a position. It is all written at once: there is not more of it than is kept. */
  repeat(response: ServerResponse, sequence: number): void {
    this.prime(response, Math.min(sequence, this.#last));
    for (const event of this.#replay.after(this.number, sequence)) {
      event.delivery = deliveries.written;
      this.#write(response, event);
    }
  }

  #write(response: ServerResponse, event: KeptEvent): void {
    writeEvent(response, event.message, {
      id: this.#id(event.sequence),
      onTaken: () => (event.delivery = deliveries.taken),
    });
  }

  #id(sequence: number): string {
    return `${this.number}_${sequence}`;
  }
}
