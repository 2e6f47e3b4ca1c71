import { fieldOf } from '../../mcp/body.ts';
import { bytesOf, findValue, objectOf } from '../../mcp/edit.ts';
import { randomBytes } from '../builtins.ts';
import { formatResult } from './translate.ts';

/** What a server asked its client while it worked on a request. */
export interface Question {
  /** The id that the server waits for, as it was written. */
  readonly idText: string;
  readonly method: string;
  /** Its parameters, as they were written. */
  readonly params: Buffer;
}

/** A request that waits for its client's answers. */
interface Parked {
  /** Number of the request at its server. */
  readonly number: number;
  /** Whose request it is, and which: answers count only from the same. */
  readonly owner: string;
  readonly open: Map<string, Question>;
  asked: number;
  readonly until: number;
}

/** How long a client may take to answer. */
const patienceMs = 10 * 60_000;

/**
 * Requests that a server can't finish without its client, by the state that the client sends back. The
 * state is a random name, so that nobody can make one up, and holds for the same subject and request only.
 */
export class Questions {
  readonly #parked = new Map<string, Parked>();

  /** Keeps a request waiting; gives the state to send to its client. */
  park(request: { number: number; owner: string; question: Question; now: number }): string {
    const state = randomBytes(24).toString('base64url');
    const { number, owner, question, now } = request;
    this.#parked.set(state, {
      number,
      owner,
      open: new Map([['1', question]]),
      asked: 1,
      until: now + patienceMs,
    });
    return state;
  }

  /** The request that a state stands for; undefined for a state that is unknown, over or somebody else's. */
  find(state: string, owner: string): Parked | undefined {
    const parked = this.#parked.get(state);
    return parked?.owner === owner ? parked : undefined;
  }

  /** Asks one more thing for a request that waits already. */
  add(number: number, question: Question): void {
    const parked = [...this.#parked.values()].find((one) => one.number === number);
    if (!parked) return;
    parked.asked += 1;
    parked.open.set(String(parked.asked), question);
  }

  forget(state: string): void {
    this.#parked.delete(state);
  }

  /** Takes those that have waited too long. */
  expire(now: number): Parked[] {
    const over = [...this.#parked].filter(([, { until }]) => now >= until);
    for (const [state] of over) this.#parked.delete(state);
    return over.map(([, parked]) => parked);
  }

  clear(): void {
    this.#parked.clear();
  }
}

/** The result that asks a client. */
export function formatInputRequired(
  idText: string,
  state: string,
  open: ReadonlyMap<string, Question>,
): Buffer {
  const requests = [...open].map(([name, { method, params }]) => ({
    name,
    json: objectOf([
      { name: 'method', json: JSON.stringify(method) },
      { name: 'params', json: params },
    ]),
  }));
  return formatResult(
    idText,
    objectOf([
      { name: 'resultType', json: '"input_required"' },
      { name: 'inputRequests', json: objectOf(requests) },
      { name: 'requestState', json: JSON.stringify(state) },
    ]),
  );
}

/** The client's answers in a repeated request, as responses to what the server asked; those are no longer open. */
export function takeAnswers(line: Buffer, open: Map<string, Question>): Buffer[] {
  return [...open].flatMap(([name, { idText }]) => {
    const span = findValue(line, ['params', 'inputResponses', name]);
    if (!span) return [];
    open.delete(name);
    return [formatResult(idText, bytesOf(line, span))];
  });
}

/** The client's capability that a question needs; undefined when it is no question to a client. */
export function neededCapability(method: string): string | undefined {
  return needed.get(method);
}

const needed = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/** The state that a repeated request carries. */
export function stateOf(params: unknown): string | undefined {
  const state = fieldOf(params, 'requestState');
  return typeof state === 'string' ? state : undefined;
}
