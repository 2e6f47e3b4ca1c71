import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientMessage } from '../../mcp/body.ts';
import { readEnvelope } from '../../mcp/envelope.ts';
import type { RequestId } from '../../mcp/jsonrpc.ts';
import { unreadMethod, type AuditRecord } from '../../records/audit-line.ts';
import type { Principal } from '../auth.ts';
import { PlainResponse } from '../builtins.ts';
import { argumentShape, targetOf } from './asked.ts';
import { outcomeOf } from './outcome.ts';
import { cut } from './shape.ts';

/** Where a record goes; it is there when this returns. */
export interface TrailContext {
  readonly write: (records: readonly AuditRecord[]) => void;
  readonly now: () => number;
  readonly user: string;
  readonly server: string;
  readonly requestId: string;
  readonly principal: Principal;
}

type Asked = Pick<AuditRecord, 'requestId' | 'method' | 'target' | 'shape' | 'bytesIn'> & {
  readonly id: RequestId | undefined;
};
type Ended = Pick<AuditRecord, 'outcome' | 'code' | 'bytesOut'>;

const longestMethod = 128;
const longestSubject = 256;

/** What the requests in one POST leave in the audit: one record each, written before its answer. */
export class Trail {
  /** Names the session in the records. */
  session: string | null = null;
  readonly #context: TrailContext;
  readonly #startedAt: number;
  #open: readonly Asked[];
  /** Not described yet. */
  #messages: readonly ClientMessage[] | undefined;

  constructor(context: TrailContext) {
    this.#context = context;
    this.#startedAt = context.now();
    const { requestId } = context;
    // Whatever comes is answered; most often it turns out to be something else.
    this.#open = [
      { id: undefined, requestId, method: unreadMethod, target: null, shape: null, bytesIn: 0 },
    ];
  }

  /** The body has been read. What is no request has no answer, and leaves no record. */
  asked(messages: readonly ClientMessage[]): void {
    this.#messages = messages;
  }

  /** Describes what was asked, if that is still to do; best while the server is at work on it. */
  describe(): void {
    const messages = this.#messages;
    if (!messages) return;
    this.#messages = undefined;
    const { requestId } = this.#context;
    this.#open = messages.flatMap(({ envelope, line, params }, index) => {
      if (envelope.kind !== 'request') return [];
      const { id, method } = envelope;
      return {
        id,
        requestId: messages.length > 1 ? `${requestId}.${index + 1}` : requestId,
        method: cut(method, longestMethod),
        target: targetOf(method, params),
        shape: argumentShape(method, params),
        bytesIn: line.length,
      };
    });
  }

  /** A response is about to be sent; to which request, its id says. */
  answered(response: Buffer, bytesOut = response.length): void {
    this.describe();
    const one = this.#open.length > 1 ? this.#find(response) : this.#open[0];
    if (one) this.#close([one], { ...outcomeOf(response), bytesOut });
  }

  /** The server answered what is open with an error of HTTP. */
  failed(bytesOut: number): void {
    this.#closeAll({ outcome: 'error', code: null, bytesOut });
  }

  /** Everything that is open is refused, with a JSON-RPC code. */
  refused(code: number, bytesOut: number): void {
    this.#closeAll({ outcome: 'refused', code, bytesOut });
  }

  /** The client has gone. */
  abandoned(): void {
    this.#closeAll({ outcome: 'cancelled', code: null, bytesOut: 0 });
  }

  /** The server's answer to what is open broke off, or is none. */
  lost(): void {
    this.#closeAll({ outcome: 'lost', code: null, bytesOut: 0 });
  }

  get isOpen(): boolean {
    this.describe();
    return this.#open.length > 0;
  }

  #find(response: Buffer): Asked | undefined {
    const envelope = readEnvelope(response);
    const id = envelope?.kind === 'response' ? envelope.id : undefined;
    return this.#open.find((one) => one.id === id);
  }

  #closeAll(how: Ended): void {
    this.describe();
    this.#close(this.#open, how);
  }

  #close(ended: readonly Asked[], how: Ended): void {
    if (ended.length === 0) return;
    this.#open = this.#open.filter((one) => !ended.includes(one));
    const { write, now, user, server, principal } = this.#context;
    const subject = cut(principal.subject, longestSubject);
    write(
      ended.map(({ requestId, method, target, shape, bytesIn }) => ({
        time: new Date(this.#startedAt).toISOString(),
        requestId,
        user,
        server,
        token: { id: cut(principal.tokenId, longestSubject), subject },
        session: this.session,
        method,
        target,
        shape,
        outcome: how.outcome,
        code: how.code,
        ms: Math.max(0, now() - this.#startedAt),
        bytesIn,
        bytesOut: how.bytesOut,
      })),
    );
  }
}

/** A response that knows which trail its answer belongs to, so that no way to answer can miss it. */
export class TrailedResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends PlainResponse<Request> {
  trail: Trail | undefined;
}

export function trailOf(response: ServerResponse): Trail | undefined {
  return response instanceof TrailedResponse ? response.trail : undefined;
}
