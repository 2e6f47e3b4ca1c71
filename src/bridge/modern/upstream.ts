import type { Clock } from '../../clock.ts';
import { fieldOf, parseJson } from '../../mcp/body.ts';
import { edit, findValue } from '../../mcp/edit.ts';
import { readEnvelope, type Envelope } from '../../mcp/envelope.ts';
import { formatCancelled, formatFailure, rpcCodes, type RpcFailure } from '../../mcp/jsonrpc.ts';
import { metaKeys } from '../../mcp/modern.ts';
import type { Child, ChildEvents } from '../child.ts';
import { Congestion } from '../congestion.ts';
import { describeEnding, type Ending } from '../ending.ts';
import type { Reply } from '../reply.ts';

/** A request that goes to a server which other clients use too. */
export interface Call {
  readonly method: string;
  readonly line: Buffer;
  /** The client's id as it was written. */
  readonly idText: string;
  /** Gets the response under the client's id; `failure` is set when it is one of the bridge's own. */
  readonly onResponse: (line: Buffer, failure?: RpcFailure) => void;
  /** Gets what belongs to this request and comes before its response. */
  readonly onNotification: (line: Buffer, method: string) => void;
}

interface Waiting {
  readonly call: Call;
  /** The client's progress token as it was written. */
  readonly tokenText: string | undefined;
  deadline: number;
}

export interface UpstreamOptions {
  readonly startChild: (events: ChildEvents) => Child;
  readonly clock: Clock;
  readonly requestMs: number;
  readonly memoryBytes: number;
  /** A request of the server itself, or a notification that names no request. */
  readonly onUnrelated: (envelope: Extract<Envelope, { method: string }>, line: Buffer) => void;
  readonly onEnd: (ending: Ending) => void;
}

/** How long a client may leave an answer unread, in ms: others wait for it. */
const stallMs = 10_000;

const idPath = ['id'];
const requestTokenPath = ['params', '_meta', 'progressToken'];
const tokenPath = ['params', 'progressToken'];
const subscriptionPath = ['params', '_meta', metaKeys.subscription];
const endedPath = ['result', '_meta', metaKeys.subscription];

/**
 * One server process that several clients' requests go to. Ids and progress tokens are replaced on the way
 * in, since two clients may use the same, and put back on the way out; nothing else of a message changes.
 */
export class Upstream {
  lastUsedAt: number;
  readonly #options: UpstreamOptions;
  readonly #child: Child;
  readonly #waiting = new Map<number, Waiting>();
  readonly #congestion: Congestion;
  #next = 1;
  /** Why it answers nothing any more. */
  #over: RpcFailure | undefined;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.lastUsedAt = options.clock.now();
    this.#child = options.startChild({
      onLine: (line) => this.#receive(line),
      onEnd: (ending) => this.#finish(ending),
    });
    this.#congestion = new Congestion({ child: this.#child, stallMs });
  }

  get child(): Child {
    return this.#child;
  }

  /** A client that falls behind holds the server up, but not for long: others use it too. */
  congestion(reply: Reply, isCongested: boolean): void {
    if (isCongested) this.#congestion.begin(reply, this.#options.clock.now());
    else this.#congestion.end(reply);
  }

  /** Sends a request; gives the number that it goes by here. */
  send(call: Call): number {
    const number = this.#next;
    this.#next += 1;
    const over = this.#over;
    if (over) {
      // Callers keep the number before they hear of its end.
      queueMicrotask(() => fail(call, over));
      return number;
    }
    const id = findValue(call.line, idPath);
    const token = findValue(call.line, requestTokenPath);
    const tokenText = token && call.line.toString('utf8', token.from, token.to);
    const edits = [id, token].flatMap((span) => (span ? [{ span, json: String(number) }] : []));
    this.lastUsedAt = this.#options.clock.now();
    const deadline = this.lastUsedAt + this.#options.requestMs;
    this.#waiting.set(number, { call, tokenText, deadline });
    this.#child.write(edit(call.line, edits));
    return number;
  }

  /** Asks the server something on the bridge's own behalf, `params` may be JSON; gives the response, an error too. */
  ask(method: string, params: object | string): Promise<Buffer> {
    const json = typeof params === 'string' ? params : JSON.stringify(params);
    const line = Buffer.from(`{"jsonrpc":"2.0","id":0,"method":"${method}","params":${json}}`);
    return new Promise((resolve) => {
      this.send({
        method,
        line,
        idText: '0',
        onResponse: resolve,
        onNotification: () => undefined,
      });
    });
  }

  /** Lets another client's call wait for what this one asked for. */
  replace(number: number, call: Call): void {
    const waiting = this.#waiting.get(number);
    if (!waiting) return;
    const deadline = this.#options.clock.now() + this.#options.requestMs;
    this.#waiting.set(number, { ...waiting, call, deadline });
  }

  /** Lets what is still said to a request go to nobody; false when nothing was waited for. */
  forget(number: number): boolean {
    return this.#waiting.delete(number);
  }

  /** Forgets a request and asks the server to stop working on it. */
  cancel(number: number, reason: string): void {
    if (this.forget(number)) this.#child.write(formatCancelled(String(number), reason));
  }

  /** Sends what needs no answer. */
  write(line: Buffer): void {
    this.#child.write(line);
  }

  /** Answers the requests whose time is up, and cuts off who doesn't read. */
  sweep(now: number): void {
    this.#congestion.sweep(now);
    for (const [number, { call, deadline }] of this.#waiting) {
      // A subscription has no end of its own.
      if (now < deadline || call.method === 'subscriptions/listen') continue;
      this.cancel(number, 'timed out');
      fail(call, { code: rpcCodes.timeout, message: 'the MCP server did not answer in time' });
    }
  }

  /** Ends the server; resolves when it is gone. */
  end(reason: string): Promise<void> {
    return this.#child.stop({ kind: 'stopped', reason });
  }

  #receive(line: Buffer): void {
    const envelope = readEnvelope(line);
    if (!envelope) return;
    if (envelope.kind === 'response') return this.#respond(envelope.id, line);
    const number = envelope.kind === 'notification' && this.#relate(envelope.method, line);
    if (!number) return this.#options.onUnrelated(envelope, line);
    const waiting = this.#waiting.get(number);
    if (!waiting) return;
    if (envelope.method === 'notifications/progress') {
      waiting.deadline = this.#options.clock.now() + this.#options.requestMs;
    }
    const edits = [
      [tokenPath, waiting.tokenText] as const,
      [subscriptionPath, waiting.call.idText] as const,
    ].flatMap(([path, json]) => {
      const span = findValue(line, path);
      return span && json !== undefined ? [{ span, json }] : [];
    });
    waiting.call.onNotification(edit(line, edits), envelope.method);
  }

  #respond(id: string | number | undefined, line: Buffer): void {
    const waiting = typeof id === 'number' ? this.#waiting.get(id) : undefined;
    const span = findValue(line, idPath);
    if (typeof id !== 'number' || !waiting || !span) return;
    this.#waiting.delete(id);
    this.lastUsedAt = this.#options.clock.now();
    const { method, idText } = waiting.call;
    const edits = [{ span, json: idText }];
    const named = method === 'subscriptions/listen' && findValue(line, endedPath);
    if (named) edits.push({ span: named, json: idText });
    waiting.call.onResponse(edit(line, edits));
  }

  /** The number of the request that a notification names, by its progress token or its subscription. */
  #relate(method: string, line: Buffer): number | undefined {
    const params = fieldOf(parseJson(line), 'params');
    const named =
      method === 'notifications/progress'
        ? fieldOf(params, 'progressToken')
        : fieldOf(fieldOf(params, '_meta'), metaKeys.subscription);
    // Anything else can't be made a number of: an object may say itself how.
    return typeof named === 'number' || typeof named === 'string'
      ? Number(named) || undefined
      : undefined;
  }

  #finish(ending: Ending): void {
    const failure = (this.#over = describeEnding(ending, this.#options.memoryBytes));
    const calls = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { call } of calls) fail(call, failure);
    this.#options.onEnd(ending);
  }
}

function fail(call: Call, failure: RpcFailure): void {
  call.onResponse(formatFailure(call.idText, failure), failure);
}
