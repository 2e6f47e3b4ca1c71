import type { Principal } from './auth.ts';
import type { Child } from './child.ts';

/** How long a client may leave an answer unread, in ms. */
export const stallMs = 60_000;

/** An answer on its way to a client. */
interface Reader {
  readonly principal: Principal;
  drop(): void;
}

interface CongestionOptions {
  readonly child: Pick<Child, 'pause' | 'resume'>;
  /** How long a client may be behind, in ms. */
  readonly stallMs: number;
}

/** Clients that are behind with their answers: while there are any, their server is not read. */
export class Congestion {
  readonly #options: CongestionOptions;
  readonly #since = new Map<Reader, number>();

  constructor(options: CongestionOptions) {
    this.#options = options;
  }

  begin(reader: Reader, now: number): void {
    this.#since.set(reader, now);
    this.#options.child.pause();
  }

  end(reader: Reader): void {
    this.#since.delete(reader);
    if (this.#since.size === 0) this.#options.child.resume();
  }

  /** Cuts off who has been behind for too long, or may not listen any more. */
  sweep(now: number, isCurrent: (principal: Principal) => boolean = () => true): void {
    for (const [reader, since] of this.#since) {
      const isStalled = now - since > this.#options.stallMs;
      if (isStalled || !isCurrent(reader.principal)) reader.drop();
    }
  }
}
