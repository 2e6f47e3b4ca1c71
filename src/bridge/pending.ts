import type { Clock } from '../clock.ts';
import { fieldOf, type ClientMessage } from '../mcp/body.ts';
import { formatFailure, rpcCodes, type RequestId, type RpcFailure } from '../mcp/jsonrpc.ts';
import type { BridgeBounds } from './config.ts';
import type { Reply } from './reply.ts';
import type { InFlight } from './route.ts';
import { tend, type Tending } from './tending.ts';

/** A client's request that the server has not answered. */
export interface PendingRequest extends InFlight {
  readonly id: RequestId;
  /** The id as it was written. */
  readonly idText: string;
  readonly reply: Reply;
  readonly startedAt: number;
  deadline: number;
  isCancelled: boolean;
}

type TimeBounds = Pick<BridgeBounds, 'requestMs' | 'initializeMs'>;

const cancelGraceMs = 1_000;

/** The requests of one session that are in flight, by id. */
export class PendingRequests {
  readonly #clock: Clock;
  readonly #bounds: TimeBounds;
  readonly #requests = new Map<RequestId, PendingRequest>();

  constructor(clock: Clock, bounds: TimeBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#requests.size;
  }

  has(id: RequestId): boolean {
    return this.#requests.has(id);
  }

  /** Whether this answers an `initialize`. */
  isOpening(reply: Reply): boolean {
    return this.list().some((one) => one.reply === reply && one.method === 'initialize');
  }

  /** Oldest first. */
  list(): PendingRequest[] {
    return [...this.#requests.values()];
  }

  add({ envelope, params }: ClientMessage, reply: Reply): void {
    if (envelope.kind !== 'request') return;
    const { requestMs, initializeMs } = this.#bounds;
    const now = this.#clock.now();
    const token = fieldOf(fieldOf(params, '_meta'), 'progressToken');
    this.#requests.set(envelope.id, {
      id: envelope.id,
      idText: envelope.idText,
      method: envelope.method,
      progressToken: typeof token === 'string' || typeof token === 'number' ? token : undefined,
      reply,
      startedAt: now,
      deadline: now + (envelope.method === 'initialize' ? initializeMs : requestMs),
      isCancelled: false,
    });
  }

  take(id: RequestId | undefined): PendingRequest | undefined {
    const request = id === undefined ? undefined : this.#requests.get(id);
    if (request) this.#requests.delete(request.id);
    return request;
  }

  takeAll(): PendingRequest[] {
    const all = this.list();
    this.#requests.clear();
    return all;
  }

  /** A request shows progress: its time starts anew. */
  prolong(request: PendingRequest): void {
    if (!request.isCancelled) request.deadline = this.#clock.now() + this.#bounds.requestMs;
  }

  /** Servers owe a cancelled request no answer, so its client soon gets one from here. */
  cancel(id: RequestId): void {
    const request = this.#requests.get(id);
    if (!request) return;
    request.isCancelled = true;
    request.deadline = Math.min(request.deadline, this.#clock.now() + cancelGraceMs);
  }

  /** Tends the waiting clients; answers, takes and returns the requests whose time is up. */
  sweep(sweep: Tending): PendingRequest[] {
    const expired = this.list().filter(({ deadline }) => sweep.now >= deadline);
    for (const request of expired) {
      this.#requests.delete(request.id);
      request.reply.sendResponse(formatFailure(request.idText, expiry(request)));
    }
    for (const { reply, startedAt } of this.#requests.values()) tend(reply, startedAt, sweep);
    return expired;
  }
}

function expiry({ isCancelled }: PendingRequest): RpcFailure {
  return isCancelled
    ? cancelled
    : { code: rpcCodes.timeout, message: 'the MCP server did not answer in time' };
}

export const cancelled: RpcFailure = {
  code: rpcCodes.cancelled,
  message: 'the request was cancelled',
};
