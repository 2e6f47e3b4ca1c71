import type { Envelope } from '../../mcp/envelope.ts';
import { formatFailure, rpcCodes } from '../../mcp/jsonrpc.ts';
import { mayAskBack, toolsChanged } from '../../mcp/modern.ts';
import type { Reply } from '../reply.ts';
import {
  logLevelOf,
  ownerOf,
  passLog,
  readdress,
  refuseIncoming,
  respond,
  type Incoming,
  type StatelessServer,
} from './incoming.ts';
import {
  formatInputRequired,
  neededCapability,
  Questions,
  type Question,
  stateOf,
  takeAnswers,
} from './questions.ts';
import { Parameters } from './parameters.ts';
import { Subscriptions } from './subscriptions.ts';
import {
  formatDiscovered,
  formatResult,
  declares,
  initialized,
  introduction,
  paramsOf,
  readCapabilities,
  toLegacyRequest,
  toModernResponse,
  type ClientFacts,
} from './translate.ts';
import { Upstream, type Call, type UpstreamOptions } from './upstream.ts';

/** A request at the server. Its client may be gone for a while, to find the answers to a question. */
interface Task {
  readonly number: number;
  readonly owner: string;
  readonly logLevel: string | undefined;
  readonly mayAsk: boolean;
  incoming: Incoming | undefined;
  /** The response that came while its client was away. */
  finished?: Buffer;
}

type Options = Omit<UpstreamOptions, 'onUnrelated'> & {
  readonly client: ClientFacts;
  readonly onAnswered: () => void;
};

/**
 * A server that knows sessions only, for clients that keep none: it is introduced once, with their
 * capabilities, and what it asks while it works becomes a result that asks its client, who repeats the request.
 */
export class Translated implements StatelessServer {
  readonly parameters: Parameters;
  readonly #options: Options;
  readonly #upstream: Upstream;
  readonly #tasks = new Map<number, Task>();
  readonly #questions = new Questions();
  readonly #subscriptions = new Subscriptions();
  /** What it said when it was introduced; requests wait for it. */
  #introduction: Buffer | undefined;
  /** What it said instead, or why it says nothing. */
  #refusal: Buffer | undefined;
  #waiting: Incoming[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.#upstream = new Upstream({
      ...options,
      onUnrelated: (envelope, line) => this.#hear(envelope, line),
      onEnd: (ending) => {
        this.#questions.clear();
        this.#subscriptions.end();
        options.onEnd(ending);
      },
    });
    const introducing = this.#upstream.ask('initialize', introduction(options.client));
    this.parameters = new Parameters(async (cursor) => {
      await introducing;
      return this.#upstream.ask('tools/list', { ...(cursor && { cursor }) });
    });
    void introducing.then((line) => this.#introduced(line));
  }

  get size(): number {
    return this.#waiting.length + this.#tasks.size + this.#subscriptions.size;
  }

  get lastUsedAt(): number {
    return this.#upstream.lastUsedAt;
  }

  take(incoming: Incoming): void {
    if (this.#refusal) respond(incoming.reply, readdress(this.#refusal, incoming.idText));
    else if (!this.#introduction) this.#waiting.push(incoming);
    else if (incoming.method === 'server/discover') {
      respond(incoming.reply, formatDiscovered(incoming.idText, this.#introduction));
    } else if (incoming.method === 'subscriptions/listen') this.#subscribe(incoming);
    else if (stateOf(incoming.params) === undefined) this.#begin(incoming);
    else this.#resume(incoming);
  }

  abandon(reply: Reply): void {
    this.#waiting = this.#waiting.filter((incoming) => incoming.reply !== reply);
    this.#subscriptions.close(reply);
    const task = [...this.#tasks.values()].find((one) => one.incoming?.reply === reply);
    if (task) this.#drop(task, 'its client left');
  }

  congestion(reply: Reply, isCongested: boolean): void {
    this.#upstream.congestion(reply, isCongested);
  }

  sweep(now: number): void {
    this.#upstream.sweep(now);
    for (const { number } of this.#questions.expire(now)) {
      const task = this.#tasks.get(number);
      if (task) this.#drop(task, 'its client did not answer');
    }
  }

  end(reason: string): Promise<void> {
    return this.#upstream.end(reason);
  }

  #introduced(line: Buffer): void {
    const waiting = this.#waiting.splice(0);
    if (readCapabilities(line) === undefined) {
      this.#refusal = line;
      void this.end('the MCP server refused to initialize');
    } else {
      this.#options.onAnswered();
      this.#upstream.write(initialized);
      this.#introduction = line;
    }
    for (const incoming of waiting) this.take(incoming);
  }

  #begin(incoming: Incoming): void {
    const task: Task = {
      number: this.#upstream.send(this.#callFor(incoming, () => task)),
      owner: ownerOf(incoming),
      logLevel: logLevelOf(incoming),
      mayAsk: mayAskBack(incoming.method),
      incoming,
    };
    this.#tasks.set(task.number, task);
  }

  #callFor({ method, line, idText }: Incoming, taskOf: () => Task): Call {
    return {
      method,
      line: toLegacyRequest(line),
      idText,
      onResponse: (response) => this.#finish(taskOf(), toModernResponse(response, method)),
      onNotification: (notification) => taskOf().incoming?.reply.sendRelated(notification),
    };
  }

  #finish(task: Task, response: Buffer): void {
    if (task.incoming) {
      this.#tasks.delete(task.number);
      respond(task.incoming.reply, response);
    } else task.finished = response;
  }

  /** A request again, with its client's answers. */
  #resume(incoming: Incoming): void {
    const state = stateOf(incoming.params) ?? '';
    const parked = this.#questions.find(state, ownerOf(incoming));
    const task = parked && this.#tasks.get(parked.number);
    if (!parked || !task) {
      const message = 'requestState is unknown, over, or of another request';
      return refuseIncoming(incoming, { code: rpcCodes.invalidParams, message });
    }
    for (const answer of takeAnswers(incoming.line, parked.open)) this.#upstream.write(answer);
    if (parked.open.size > 0) {
      return respond(incoming.reply, formatInputRequired(incoming.idText, state, parked.open));
    }
    this.#questions.forget(state);
    task.incoming = incoming;
    this.#upstream.replace(
      task.number,
      this.#callFor(incoming, () => task),
    );
    if (task.finished) this.#finish(task, readdress(task.finished, incoming.idText));
  }

  #hear(envelope: Extract<Envelope, { method: string }>, line: Buffer): void {
    if (envelope.kind === 'request') this.#hearRequest(envelope, line);
    else if (envelope.method === 'notifications/message') passLog(line, [...this.#tasks.values()]);
    else this.#subscriptions.publish(envelope.method, line);
    if (envelope.method === toolsChanged) this.parameters.forget();
  }

  #hearRequest({ method, idText }: Extract<Envelope, { kind: 'request' }>, line: Buffer): void {
    if (method === 'ping') return this.#upstream.write(formatResult(idText, '{}'));
    const capability = neededCapability(method);
    // Nothing on stdio says which request it belongs to; the newest that somebody waits for is the likeliest.
    const askable = [...this.#tasks.values()].filter(({ mayAsk }) => mayAsk);
    const task = askable.findLast(({ incoming }) => incoming) ?? askable.at(-1);
    if (capability === undefined || !task) {
      const message = 'no client can take this request now';
      const failure = formatFailure(idText, { code: rpcCodes.methodNotFound, message });
      return this.#upstream.write(failure);
    }
    if (!declares(this.#options.client, capability)) return this.#lack(task, idText, capability);
    this.#ask(task, { idText, method, params: paramsOf(line) });
  }

  /** The client is asked now, or, when it is away for other answers, as soon as it is back. */
  #ask(task: Task, question: Question): void {
    const { number, owner, incoming } = task;
    if (!incoming) return this.#questions.add(number, question);
    task.incoming = undefined;
    const { reply, idText } = incoming;
    const state = this.#questions.park({ number, owner, question, now: this.#options.clock.now() });
    respond(reply, formatInputRequired(idText, state, new Map([['1', question]])));
  }

  /** The server asks what its client has said it can't answer. */
  #lack(task: Task, idText: string, capability: string): void {
    const failure = {
      code: rpcCodes.missingCapability,
      message: `this request needs the client capability ${capability}`,
      data: { requiredCapabilities: { [capability]: {} } },
    };
    if (task.incoming) refuseIncoming(task.incoming, failure);
    this.#upstream.write(formatFailure(idText, failure));
    this.#drop(task, 'its client lacks a capability');
  }

  #drop(task: Task, reason: string): void {
    this.#tasks.delete(task.number);
    this.#upstream.cancel(task.number, reason);
  }

  #subscribe(incoming: Incoming): void {
    const capabilities = readCapabilities(this.#introduction ?? Buffer.from('{}'));
    for (const uri of this.#subscriptions.open(incoming, capabilities)) {
      void this.#upstream.ask('resources/subscribe', { uri });
    }
  }
}
