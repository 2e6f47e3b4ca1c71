import type { ServerResponse } from 'node:http';
import type { ClientMessage } from '../mcp/body.ts';
import type { RequestId } from '../mcp/jsonrpc.ts';
import { answerFailure, askedIn } from './http-failure.ts';
import { cancelled } from './pending.ts';
import type { Posted } from './post.ts';

/** The ids of the requests among messages. */
export function idsOf(messages: readonly ClientMessage[]): RequestId[] {
  return messages.flatMap(({ envelope }) => (envelope.kind === 'request' ? envelope.id : []));
}

interface Queued {
  readonly posted: Posted;
  readonly response: ServerResponse;
}

/** The calls of one session that wait for their turn, by id: its server has not heard of them. */
export class QueuedCalls {
  readonly #calls = new Map<RequestId, Queued>();

  get size(): number {
    return this.#calls.size;
  }

  has(id: RequestId): boolean {
    return this.#calls.has(id);
  }

  /** Keeps the calls of a body; gives what takes them out again. */
  enter(posted: Posted, response: ServerResponse): () => void {
    const queued = { posted, response };
    const ids = idsOf(posted.messages);
    for (const id of ids) this.#calls.set(id, queued);
    return () => {
      for (const id of ids) if (this.#calls.get(id) === queued) this.#calls.delete(id);
    };
  }

  /** Answers a call that its client wants no more, which takes it out of the queue; false when none of that id waits by itself. */
  cancel(id: RequestId): boolean {
    const queued = this.#calls.get(id);
    if (!queued) return false;
    const asked = askedIn(queued.posted);
    if (asked.idTexts.length !== 1) return false;
    this.#calls.delete(id);
    answerFailure(queued.response, asked, cancelled);
    return true;
  }
}
