import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { fieldOf, type ClientMessage } from '../../mcp/body.ts';
import { readEnvelope, type Envelope } from '../../mcp/envelope.ts';
import { mcpHeaders } from '../../mcp/protocol.ts';
import type { BridgePolicy } from '../../policy/bridge-policy.ts';
import { isRestricted } from '../../policy/exposure.ts';
import type { Refusal } from '../answer.ts';
import { isHost, type Principal } from '../auth.ts';
import { awaitTurn } from '../await-turn.ts';
import { randomBytes } from '../builtins.ts';
import type { BridgeConfig } from '../config.ts';
import { metadataUrl } from '../metadata.ts';
import { isModern } from '../modern/check.ts';
import type { Posted } from '../post.ts';
import { busy, idOf, invalidToken } from '../refusals.ts';
import type { WithOwnClient } from '../own-client.ts';
import { findUnavailable, findUnlisted } from './availability.ts';
import { kinds, type Kind } from './changes.ts';
import { listMethods, withoutHidden, type Lists } from './lists.ts';
import { createLookup } from './lookup.ts';
import type { Rates } from './rates.ts';
import { Shown } from './shown.ts';
import type { Turn, Turns } from './turns.ts';
import { withUserContext, type UserContext } from './user-context.ts';

interface GuardOptions {
  readonly config: Pick<BridgeConfig, 'user' | 'server' | 'url'>;
  readonly readPolicy: () => BridgePolicy;
  readonly rates: Rates;
  readonly turns: Turns;
  readonly isCurrent: (principal: Principal) => boolean;
  readonly withOwnClient: WithOwnClient;
  readonly clock: Clock;
}

interface Asker {
  readonly principal: Principal;
  readonly headers: IncomingHttpHeaders;
}

/** Takes out of an answer what its client may not see. */
export type Refine = (answer: Buffer) => Buffer;

/** Holds a user to the policy. */
export interface Guard {
  /**
   * Finds out which names are the first so many, where a client uses one that nobody has listed; undefined
   * when there is nothing to find out. To be waited for before `check`.
   */
  lookUp(messages: Posted['messages']): Promise<unknown> | undefined;
  /** What a client posted as it may be passed on, or why not. */
  check(posted: Posted, asker: Asker): Posted | Refusal;
  /** Whether the policy hid anything when it was last looked at. */
  isHiding(): boolean;
  /**
   * The turn of the calls in a body, whose `release` is to be called when they are over. A promise only where
   * they wait for it: then token and policy are looked at again.
   */
  turn(
    posted: Pick<Posted, 'messages' | 'isBatch'>,
    response: ServerResponse,
    principal: Principal,
  ): Turn | Refusal | Promise<Turn | Refusal | 'gone'> | undefined;
  /** What each answer to these messages goes through; undefined when none of them is a list. */
  refinement(
    posted: Pick<Posted, 'messages' | 'isBatch'>,
    headers: IncomingHttpHeaders,
  ): Refine | undefined;
  /** Who asks, for the server. */
  contextOf(principal: Principal): UserContext;
  /** Of what the exposure has changed since the last call. */
  takeChanges(): Kind[];
}

export function createGuard(options: GuardOptions): Guard {
  const { config, readPolicy, rates, turns, clock } = options;
  const shown = {
    tools: new Shown(),
    resources: new Shown(),
    resourceTemplates: new Shown(),
    prompts: new Shown(),
  };
  let seen = readPolicy();
  let changed = new Set<Kind>();

  const currentPolicy = (): BridgePolicy => {
    const policy = readPolicy();
    if (policy === seen) return policy;
    for (const kind of kinds) {
      if (JSON.stringify(policy[kind]) === JSON.stringify(seen[kind])) continue;
      changed.add(kind);
      shown[kind].change(policy[kind]);
      lookup.forget(kind);
      if (kind === 'resources') shown.resourceTemplates.change(policy[kind]);
    }
    seen = policy;
    return policy;
  };
  const lists = (): Lists => ({ policy: currentPolicy(), shown });
  const lookup = createLookup({
    withOwnClient: options.withOwnClient,
    // What it shows of a page is what may be used from then on.
    onPage: (answer, cursor) => void withoutHidden(answer, { cursor, isModern: false }, lists()),
    clock,
  });

  const contextOf = ({ scopes }: Principal): UserContext => ({
    user: config.user.name,
    userId: config.user.id,
    groups: seen.groups,
    scopes: [...scopes],
    requestId: randomBytes(16).toString('hex'),
  });

  return {
    contextOf,
    lookUp: (messages) => {
      const kindsToRead = findUnlisted(messages, lists());
      const reading = kindsToRead.flatMap((kind) => lookup.read(kind) ?? []);
      return reading.length > 0 ? Promise.all(reading) : undefined;
    },
    check: (posted, { principal, headers }) => {
      const current = lists();
      const refusal = isHost(principal, config)
        ? undefined
        : checkRate(posted, (count) => rates.take(current.policy, { count, now: clock.now() }));
      if (refusal) return refusal;
      const hidden = findHidden(posted, headers, current);
      if (hidden) return hidden;
      const { userAware = false, http } = config.server;
      const isTold = userAware && !http;
      return rewrite(posted, (message) =>
        withUserContext(message, isTold ? contextOf(principal) : undefined),
      );
    },
    turn: (posted, response, principal) => {
      const { messages } = posted;
      const turn = turns.take(messages.filter(({ envelope }) => isCall(envelope)).length, response);
      if (turn === 'full') {
        return busy(429, 'too many calls at once, and too many wait', idOf(messages), 1);
      }
      if (!(turn instanceof Promise)) return turn;
      return awaitTurn(turn, response, () =>
        options.isCurrent(principal)
          ? findHidden(posted, response.req.headers, lists())
          : { ...invalidToken(metadataUrl(config.url)), idText: idOf(messages) },
      );
    },
    isHiding: () => kinds.some((kind) => isRestricted(seen[kind])),
    refinement: ({ messages, isBatch }, headers) => {
      const asked = messages.filter(
        ({ envelope }) => envelope.kind === 'request' && listMethods.has(envelope.method),
      );
      // A stream that goes on may bring the answer to any request.
      const goesOn = messages.length === 0 && headers[mcpHeaders.lastEvent] !== undefined;
      if (asked.length === 0 && !goesOn) return undefined;
      const inEra = isModern(headers, { messages, isBatch });
      return (answer) => {
        const current = lists();
        if (!kinds.some((kind) => isRestricted(current.policy[kind]))) return answer;
        const cursor = goesOn ? unknownCursor : cursorOf(asked, answer);
        return withoutHidden(answer, { cursor, isModern: inEra }, current);
      };
    },
    takeChanges: () => {
      currentPolicy();
      const taken = [...changed];
      changed = new Set();
      return taken;
    },
  };
}

/** What makes a server work; lists and the like do not wait for their turn. */
const calls: ReadonlySet<string> = new Set([
  'tools/call',
  'resources/read',
  'prompts/get',
  'completion/complete',
]);

function isCall(envelope: Envelope): boolean {
  return envelope.kind === 'request' && calls.has(envelope.method);
}

/** The refusal of the first message that uses what is hidden, as a server answers it. */
function findHidden(
  posted: Pick<Posted, 'messages' | 'isBatch'>,
  headers: IncomingHttpHeaders,
  current: Lists,
): Refusal | undefined {
  const inEra = isModern(headers, posted);
  for (const message of posted.messages) {
    const failure = findUnavailable(message, current, inEra);
    if (!failure) continue;
    // What is a notification, or one of several, has no answer of its own.
    const idText = idOf(posted.messages);
    return { status: idText === undefined ? 400 : 200, failure, idText };
  }
  return undefined;
}

/** A cursor that nobody was given. */
const unknownCursor = '\0';

/** Requests count; pings, notifications and responses don't. */
function checkRate(
  { messages }: Posted,
  take: (count: number) => number | undefined,
): Refusal | undefined {
  const { length } = messages.filter(
    ({ envelope }) => envelope.kind === 'request' && envelope.method !== 'ping',
  );
  const waitMs = length === 0 ? 0 : take(length);
  if (waitMs === 0) return undefined;
  const idText = idOf(messages);
  if (waitMs === undefined) {
    return busy(503, 'the rate of requests cannot be counted', idText);
  }
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return busy(429, `the rate of requests is exceeded; try again in ${seconds} s`, idText, seconds);
}

/** The body keeps its bytes unless a message of it changes. */
function rewrite(posted: Posted, change: (message: ClientMessage) => ClientMessage): Posted {
  const messages = posted.messages.map(change);
  const isSame = messages.every((message, index) => message === posted.messages[index]);
  if (isSame) return posted;
  const lines = messages.flatMap(({ line }) => [Buffer.from(','), line]).slice(1);
  const body = posted.isBatch
    ? Buffer.concat([Buffer.from('['), ...lines, Buffer.from(']')])
    : Buffer.concat(lines);
  return { ...posted, messages, body };
}

/** The cursor of the request that an answer is for. */
function cursorOf(asked: readonly ClientMessage[], answer: Buffer): string | undefined {
  const [only, ...others] = asked;
  const response = others.length > 0 ? readEnvelope(answer) : undefined;
  const request = response
    ? asked.find(
        ({ envelope }) => 'id' in envelope && 'id' in response && envelope.id === response.id,
      )
    : only;
  const cursor = fieldOf(request?.params, 'cursor');
  return typeof cursor === 'string' ? cursor : undefined;
}
