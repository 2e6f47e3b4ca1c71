import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientMessage } from '../../mcp/body.ts';
import { readEnvelope } from '../../mcp/envelope.ts';
import type { RequestId } from '../../mcp/jsonrpc.ts';
import { unreadMethod, type AuditRecord } from '../../records/audit-line.ts';
import type { Principal } from '../auth.ts';
import { PlainResponse } from '../builtins.ts';
import { argumentShape, targetOf } from './asked.ts';
import { beginDraft, endDraft, type AuditEntry, type Draft } from './draft.ts';
import { outcomeOf } from './outcome.ts';
import { cut } from './shape.ts';

export interface TrailContext {
  /** Where records go; they are there when it returns. */
  readonly write: (entries: readonly AuditEntry[]) => void;
  readonly now: () => number;
  readonly user: string;
  readonly server: string;
  readonly requestId: string;
  readonly principal: Principal;
}

type Asked = Pick<AuditRecord, 'requestId' | 'method' | 'target' | 'shape' | 'bytesIn'>;
type Ended = Pick<AuditRecord, 'outcome' | 'code' | 'bytesOut'>;

interface Open {
  readonly id: RequestId | undefined;
  readonly draft: Draft;
}

const longestMethod = 128;
const longestSubject = 256;

/** What the requests in one POST leave in the audit: one record each, written before its answer. */
export class Trail {
  /** Names the session in the records. */
  session: string | null = null;
  readonly #context: TrailContext;
  readonly #startedAt: number;
  /** What came and is not described yet; undefined while the body has not been read. */
  #messages: readonly ClientMessage[] | undefined;
  /** Undefined until it is described. */
  #open: readonly Open[] | undefined;

  constructor(context: TrailContext) {
    this.#context = context;
    this.#startedAt = context.now();
  }

  /** The body has been read. What is no request has no answer, and leaves no record. */
  asked(messages: readonly ClientMessage[]): void {
    this.#messages = messages;
  }

  /** Describes what was asked, if that is still to do; best while the server is at work on it. */
  describe(): void {
    this.#open ??= this.#messages?.flatMap((message, index, { length }) => {
      const { envelope, line, params } = message;
      if (envelope.kind !== 'request') return [];
      const { requestId } = this.#context;
      const { id, method } = envelope;
      const draft = this.#begin({
        requestId: length > 1 ? `${requestId}.${index + 1}` : requestId,
        method: cut(method, longestMethod),
        target: targetOf(method, params),
        shape: argumentShape(method, params),
        bytesIn: line.length,
      });
      return { id, draft };
    }) ?? [{ id: undefined, draft: this.#begin(this.#unread()) }];
  }

  /** A response is about to be sent; to which request, its id says. */
  answered(response: Buffer, bytesOut = response.length): void {
    const open = this.#described();
    const one = open.length > 1 ? find(open, response) : open[0];
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
    return this.#described().length > 0;
  }

  #described(): readonly Open[] {
    this.describe();
    return this.#open ?? [];
  }

  #unread(): Asked {
    const { requestId } = this.#context;
    return { requestId, method: unreadMethod, target: null, shape: null, bytesIn: 0 };
  }

  #begin(asked: Asked): Draft {
    const { user, server, principal } = this.#context;
    const id = cut(principal.tokenId, longestSubject);
    const subject = cut(principal.subject, longestSubject);
    const time = new Date(this.#startedAt).toISOString();
    return beginDraft({ time, user, server, token: { id, subject }, ...asked });
  }

  #closeAll(how: Ended): void {
    this.#close(this.#described(), how);
  }

  #close(ended: readonly Open[], how: Ended): void {
    if (ended.length === 0) return;
    // Looking each up among all would take minutes for what fits in one body.
    this.#open = ended === this.#open ? [] : this.#open?.filter((one) => !ended.includes(one));
    const { write, now } = this.#context;
    const ms = Math.max(0, now() - this.#startedAt);
    write(ended.map(({ draft }) => endDraft(draft, { ...how, session: this.session, ms })));
  }
}

function find(open: readonly Open[], response: Buffer): Open | undefined {
  const envelope = readEnvelope(response);
  const id = envelope?.kind === 'response' ? envelope.id : undefined;
  return open.find((one) => one.id === id);
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
