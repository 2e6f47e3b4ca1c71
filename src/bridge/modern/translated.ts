import type { Envelope } from '../../mcp/envelope.ts';
import { mayAskBack, toolsChanged } from '../../mcp/modern.ts';
import type { Reply } from '../reply.ts';
import { Asking, type Task } from './asking.ts';
import {
  logLevelOf,
  ownerOf,
  passLog,
  readdress,
  respond,
  type Incoming,
  type StatelessServer,
} from './incoming.ts';
import { stateOf } from './questions.ts';
import { Parameters } from './parameters.ts';
import { Subscriptions } from './subscriptions.ts';
import {
  formatDiscovered,
  initialized,
  introduction,
  readCapabilities,
  toLegacyRequest,
  toModernResponse,
  type ClientFacts,
} from './translate.ts';
import { Upstream, type Call, type UpstreamOptions } from './upstream.ts';

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
  readonly subscriptions = new Subscriptions();
  readonly #options: Options;
  readonly #upstream: Upstream;
  readonly #tasks = new Map<number, Task>();
  readonly #asking: Asking;
  /** What it said when it was introduced; requests wait for it. */
  #introduction: Buffer | undefined;
  /** What it said instead, or why it says nothing. */
  #refusal: Buffer | undefined;
  #waiting: Incoming[] = [];

  constructor(options: Options) {
    this.#options = options;
    this.#asking = new Asking({
      client: options.client,
      clock: options.clock,
      tasks: this.#tasks,
      write: (line) => this.#upstream.write(line),
      giveUp: (task, reason) => this.#drop(task, reason),
    });
    this.#upstream = new Upstream({
      ...options,
      onUnrelated: (envelope, line) => this.#hear(envelope, line),
      onEnd: (ending) => {
        this.#asking.clear();
        this.subscriptions.end();
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
    return this.#waiting.length + this.#tasks.size + this.subscriptions.size;
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
    this.subscriptions.close(reply);
    const task = [...this.#tasks.values()].find((one) => one.incoming?.reply === reply);
    if (task) this.#drop(task, 'its client left');
  }

  congestion(reply: Reply, isCongested: boolean): void {
    this.#upstream.congestion(reply, isCongested);
  }

  sweep(now: number): void {
    this.#upstream.sweep(now);
    this.#asking.sweep(now);
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
    const task = this.#asking.resume(incoming);
    if (!task) return;
    this.#upstream.replace(
      task.number,
      this.#callFor(incoming, () => task),
    );
    if (task.finished) this.#finish(task, readdress(task.finished, incoming.idText));
  }

  #hear(envelope: Extract<Envelope, { method: string }>, line: Buffer): void {
    if (envelope.kind === 'request') this.#asking.hear(envelope, line);
    else if (envelope.method === 'notifications/message') passLog(line, [...this.#tasks.values()]);
    else this.subscriptions.publish(envelope.method, line);
    if (envelope.method === toolsChanged) this.parameters.forget();
  }

  #drop(task: Task, reason: string): void {
    this.#tasks.delete(task.number);
    this.#upstream.cancel(task.number, reason);
  }

  #subscribe(incoming: Incoming): void {
    const capabilities = readCapabilities(this.#introduction ?? Buffer.from('{}'));
    for (const uri of this.subscriptions.open(incoming, capabilities)) {
      void this.#upstream.ask('resources/subscribe', { uri });
    }
  }
}
