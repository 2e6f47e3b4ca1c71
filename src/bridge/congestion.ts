import type { Principal } from './auth.ts';
import type { Child } from './child.ts';
import type { Reply } from './reply.ts';

/** How long a client may leave an answer unread, in ms. */
export const stallMs = 60_000;

/** Clients that are behind with their answers: while there are any, their server is not read. */
export class Congestion {
  readonly #child: Pick<Child, 'pause' | 'resume'>;
  readonly #since = new Map<Reply, number>();

  constructor(child: Pick<Child, 'pause' | 'resume'>) {
    this.#child = child;
  }

  begin(reply: Reply, now: number): void {
    this.#since.set(reply, now);
    this.#child.pause();
  }

  end(reply: Reply): void {
    this.#since.delete(reply);
    if (this.#since.size === 0) this.#child.resume();
  }

  /** Cuts off who has been behind for too long, or may not listen any more. */
  sweep(now: number, isCurrent: (principal: Principal) => boolean): void {
    for (const [reply, since] of this.#since) {
      if (now - since > stallMs || !isCurrent(reply.principal)) reply.drop();
    }
  }
}
