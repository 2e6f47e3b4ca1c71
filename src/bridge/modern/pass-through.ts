import { formatFailure, rpcCodes } from '../../mcp/jsonrpc.ts';
import { ownMeta, toolsChanged } from '../../mcp/modern.ts';
import { asksFor, formatListChanged, type Kind } from '../policy/changes.ts';
import type { Reply } from '../reply.ts';
import { logLevelOf, passLog, respond, type Incoming, type StatelessServer } from './incoming.ts';
import { Parameters } from './parameters.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

interface InFlight {
  readonly incoming: Incoming;
  readonly number: number;
  readonly logLevel: string | undefined;
}

type Options = Omit<UpstreamOptions, 'onUnrelated'> & { readonly onAnswered: () => void };

/** A server that speaks these revisions itself: its messages pass as they are. */
export class PassThrough implements StatelessServer {
  readonly #options: Options;
  readonly #upstream: Upstream;
  readonly parameters = new Parameters((cursor) =>
    this.#upstream.ask('tools/list', { ...(cursor && { cursor }), _meta: ownMeta }),
  );
  readonly subscriptions = {
    announce: (kind: Kind): void => {
      for (const [reply, { incoming }] of this.#inFlight) {
        const { method, params, idText } = incoming;
        const isAsked = method === 'subscriptions/listen' && asksFor(params, kind);
        if (isAsked) reply.sendRelated(formatListChanged(kind, idText));
      }
    },
  };
  readonly #inFlight = new Map<Reply, InFlight>();

  constructor(options: Options) {
    this.#options = options;
    this.#upstream = new Upstream({
      ...options,
      onUnrelated: (envelope, line) => {
        if (envelope.kind === 'request') this.#refuse(envelope.idText);
        else if (envelope.method === 'notifications/message')
          passLog(line, [...this.#inFlight.values()]);
        else if (envelope.method === toolsChanged) this.parameters.forget();
      },
    });
  }

  get size(): number {
    return this.#inFlight.size;
  }

  get lastUsedAt(): number {
    return this.#upstream.lastUsedAt;
  }

  take(incoming: Incoming): void {
    const { reply, method, line, idText } = incoming;
    const number = this.#upstream.send({
      method,
      line,
      idText,
      onResponse: (response) => {
        this.#inFlight.delete(reply);
        this.#options.onAnswered();
        respond(reply, response);
      },
      onNotification: (notification) => reply.sendRelated(notification),
    });
    this.#inFlight.set(reply, { incoming, number, logLevel: logLevelOf(incoming) });
  }

  abandon(reply: Reply): void {
    const inFlight = this.#inFlight.get(reply);
    this.#inFlight.delete(reply);
    if (inFlight) this.#upstream.cancel(inFlight.number, 'its client left');
  }

  sweep(now: number): void {
    this.#upstream.sweep(now);
  }

  congestion(reply: Reply, isCongested: boolean): void {
    this.#upstream.congestion(reply, isCongested);
  }

  end(reason: string): Promise<void> {
    return this.#upstream.end(reason);
  }

  /** These revisions have no requests of servers. */
  #refuse(idText: string): void {
    const failure = { code: rpcCodes.methodNotFound, message: 'clients take no requests' };
    this.#upstream.write(formatFailure(idText, failure));
  }
}
