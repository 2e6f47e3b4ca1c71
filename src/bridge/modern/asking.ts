import type { Clock } from '../../clock.ts';
import type { Envelope } from '../../mcp/envelope.ts';
import { formatFailure, rpcCodes, type RpcFailure } from '../../mcp/jsonrpc.ts';
import { ownerOf, refuseIncoming, respond, type Incoming } from './incoming.ts';
import {
  formatInputRequired,
  neededCapability,
  Questions,
  stateOf,
  takeAnswers,
  type Question,
} from './questions.ts';
import { declares, formatResult, paramsOf, type ClientFacts } from './translate.ts';

/** A request at the server. Its client may be gone for a while, to find the answers to a question. */
export interface Task {
  readonly number: number;
  readonly owner: string;
  readonly logLevel: string | undefined;
  readonly mayAsk: boolean;
  incoming: Incoming | undefined;
  /** The response that came while its client was away. */
  finished?: Buffer;
}

interface AskingOptions {
  readonly client: ClientFacts;
  readonly clock: Clock;
  /** By their numbers, oldest first. */
  readonly tasks: ReadonlyMap<number, Task>;
  /** Sends a line to the server. */
  readonly write: (line: Buffer) => void;
  /** Nobody waits for this request any more. */
  readonly giveUp: (task: Task, reason: string) => void;
}

/** What a server with sessions asks while it works: it becomes the result of a request, which its client repeats. */
export class Asking {
  readonly #options: AskingOptions;
  readonly #questions = new Questions();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /** Takes a request of the server. */
  hear({ method, idText }: Extract<Envelope, { kind: 'request' }>, line: Buffer): void {
    const { tasks, client, write } = this.#options;
    if (method === 'ping') return write(formatResult(idText, '{}'));
    const capability = neededCapability(method);
    // Nothing on stdio says which request it belongs to; the newest that somebody waits for is the likeliest.
    const askable = [...tasks.values()].filter(({ mayAsk }) => mayAsk);
    const task = askable.findLast(({ incoming }) => incoming) ?? askable.at(-1);
    if (capability === undefined || !task) {
      const message = 'no client can take this request now';
      return write(formatFailure(idText, { code: rpcCodes.methodNotFound, message }));
    }
    if (!declares(client, capability)) return this.#lack(task, idText, capability);
    this.#ask(task, { idText, method, params: paramsOf(line) });
  }

  /**
   * Takes a request that comes again with its client's answers; gives what the client waits for again.
   * Undefined when the client is answered already: more answers are needed, or its state means nothing.
   */
  resume(incoming: Incoming): Task | undefined {
    const state = stateOf(incoming.params) ?? '';
    const parked = this.#questions.find(state, ownerOf(incoming));
    const task = parked && this.#options.tasks.get(parked.number);
    if (!parked || !task) {
      const message = 'requestState is unknown, over, or of another request';
      refuseIncoming(incoming, { code: rpcCodes.invalidParams, message });
      return undefined;
    }
    for (const answer of takeAnswers(incoming.line, parked.open)) this.#options.write(answer);
    if (parked.open.size > 0) {
      respond(incoming.reply, formatInputRequired(incoming.idText, state, parked.open));
      return undefined;
    }
    this.#questions.forget(state);
    task.incoming = incoming;
    return task;
  }

  /** Gives up requests whose clients stay away; the server hears so, since it may wait for ever. */
  sweep(now: number): void {
    for (const { number, open } of this.#questions.expire(now)) {
      for (const { idText } of open.values()) {
        this.#options.write(formatFailure(idText, unanswered));
      }
      const task = this.#options.tasks.get(number);
      if (task) this.#options.giveUp(task, 'its client did not answer');
    }
  }

  /** The server is gone. */
  clear(): void {
    this.#questions.clear();
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
    this.#options.write(formatFailure(idText, failure));
    this.#options.giveUp(task, 'its client lacks a capability');
  }
}

const unanswered: RpcFailure = {
  code: rpcCodes.timeout,
  message: 'no client answered this in time',
};
