import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { ClientMessage } from '../../mcp/body.ts';
import { rpcCodes } from '../../mcp/jsonrpc.ts';
import { isRemoved } from '../../mcp/modern.ts';
import { refuse, sendText } from '../answer.ts';
import type { Principal } from '../auth.ts';
import type { BridgeConfig } from '../config.ts';
import { nameEnding, type Ending } from '../ending.ts';
import type { Log } from '../log.ts';
import type { Kind } from '../policy/changes.ts';
import type { Refine } from '../policy/guard.ts';
import { busy } from '../refusals.ts';
import { Reply } from '../reply.ts';
import type { Started } from '../spare.ts';
import type { Startups } from '../startups.ts';
import { keepAlives, tend } from '../tending.ts';
import { whileBusy } from '../while-busy.ts';
import { mismatch } from './check.ts';
import { probeEra, type Era, type EraMemory } from './era.ts';
import { refuseIncoming, type StatelessServer } from './incoming.ts';
import { PassThrough } from './pass-through.ts';
import { readClientFacts, type ClientFacts } from './translate.ts';
import { Translated } from './translated.ts';

interface StatelessOptions {
  readonly config: Pick<BridgeConfig, 'bounds' | 'memoryBytes'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly startups: Startups;
  readonly memory: EraMemory;
  /** A process for a server, the one that waits if there is one. */
  readonly startServer: () => Started;
  readonly isCurrent: (principal: Principal) => boolean;
}

interface Exchange {
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
  readonly refine: Refine | undefined;
}

/** Clients that keep no session, and the servers that they share. */
export interface Stateless {
  /** Servers. */
  readonly size: number;
  take(message: ClientMessage, exchange: Exchange, principal: Principal): Promise<void>;
  /** Tells who listens that a list has changed for them. */
  announce(kind: Kind): void;
  sweep(): void;
  /** Waits a moment for what is in flight, then ends the servers. No new one is started. */
  close(graceMs: number): Promise<void>;
}

/** Each set of client capabilities has a server of its own; of those this many. */
const serversAtMost = 4;
/** After this a server that says nothing to `server/discover` counts as one that doesn't know it. */
const probeMs = 10_000;

export function createStateless(options: StatelessOptions): Stateless {
  const { config, clock, log, startups, memory } = options;
  const { bounds } = config;
  const servers = new Map<string, StatelessServer>();
  /** Since when each is waited for. */
  const replies = new Map<Reply, number>();
  /** Those that have no end of their own. */
  const subscribers = new Set<Reply>();
  let era: Promise<Era> | undefined;
  let probe: Promise<void> | undefined;
  let isClosing = false;
  const closing = Promise.withResolvers<void>();
  const isKeepAliveTime = keepAlives(clock.now());

  const findEra = async (): Promise<Era> => {
    const known = memory.read();
    if (known) return known;
    const found = await probeEra({
      start: options.startServer,
      answerMs: probeMs,
      stopped: closing.promise,
    });
    probe = found.ended;
    if (found.isSure) memory.write(found.era);
    log(`the MCP server is of the ${found.era} era${found.isSure ? '' : ', or silent'}`);
    return found.era;
  };

  const start = (key: string, found: Era, client: ClientFacts): StatelessServer => {
    const { label, adopt } = options.startServer();
    let hasAnswered = false;
    const shared = {
      startChild: adopt,
      clock,
      requestMs: bounds.requestMs,
      memoryBytes: config.memoryBytes,
      onAnswered: () => {
        hasAnswered = true;
        startups.succeeded();
      },
      onEnd: (ending: Ending) => {
        // One that was ended may have a successor by now.
        if (servers.get(key) === server) servers.delete(key);
        const isOurs = ending.cause.kind === 'stopped';
        if (!hasAnswered) {
          era = undefined;
          if (!isOurs) startups.failed(nameEnding(ending));
        }
        log(`server ${label}: ended, ${isOurs ? ending.cause.reason : nameEnding(ending)}`);
      },
    };
    const server: StatelessServer =
      found === 'modern' ? new PassThrough(shared) : new Translated({ ...shared, client });
    log(`server ${label}: started for clients without sessions`);
    servers.set(key, server);
    return server;
  };

  /** The server for clients like this one; undefined when there is no room for another. */
  const serverFor = (found: Era, client: ClientFacts): StatelessServer | undefined => {
    const key = found === 'modern' ? '' : client.capabilities;
    const there = servers.get(key);
    if (there) return there;
    if (servers.size >= serversAtMost) {
      const idle = [...servers].filter(([, { size }]) => size === 0);
      const [oldest] = idle.toSorted(([, a], [, b]) => a.lastUsedAt - b.lastUsedAt);
      if (!oldest) return undefined;
      servers.delete(oldest[0]);
      void oldest[1].end('another kind of client needed its place');
    }
    return start(key, found, client);
  };

  return {
    get size() {
      return servers.size;
    },
    take: async (message, { headers, response, refine }, principal) => {
      const { envelope, line, params } = message;
      if (envelope.kind !== 'request') return sendText(response, 202);
      const { method, idText } = envelope;
      let server: StatelessServer | undefined;
      const reply: Reply = new Reply({
        response,
        principal,
        requests: 1,
        isBatch: false,
        refine,
        onCongested: (isCongested) => server?.congestion(reply, isCongested),
        onAbandoned: () => server?.abandon(reply),
      });
      const incoming = { method, idText, line, params, reply, principal };
      if (isRemoved(method)) {
        const text = `this revision has no method ${method}`;
        return refuseIncoming(incoming, { code: rpcCodes.methodNotFound, message: text });
      }
      const seconds = Math.ceil(startups.pauseMs() / 1000);
      if (seconds > 0) {
        const text = `the MCP server fails to start (${startups.reason}); next try in ${seconds} s`;
        return refuse(response, busy(503, text, idText, seconds));
      }
      const found = isClosing ? undefined : await (era ??= findEra());
      if (!found || isClosing) {
        return refuse(response, busy(503, 'the bridge is shutting down', idText));
      }
      server = serverFor(found, readClientFacts(line));
      if (!server) return refuse(response, busy(503, 'too many kinds of clients at once', idText));
      if (server.size >= bounds.pendingPerSession) {
        return refuse(response, busy(429, 'too many requests in flight', idText));
      }
      const wrong = method === 'tools/call' && (await server.parameters.mismatch(headers, params));
      if (wrong) return refuse(response, { ...mismatch(wrong), idText });
      if (!reply.isOpen) return;
      replies.set(reply, clock.now());
      response.on('close', () => replies.delete(reply));
      if (method === 'subscriptions/listen') {
        subscribers.add(reply);
        response.on('close', () => subscribers.delete(reply));
        reply.openStream();
      }
      server.take(incoming);
    },
    announce: (kind) => {
      for (const { subscriptions } of servers.values()) subscriptions.announce(kind);
    },
    sweep: () => {
      const now = clock.now();
      const tending = { now, keepAlive: isKeepAliveTime(now), isCurrent: options.isCurrent };
      for (const [reply, since] of replies) tend(reply, since, tending);
      for (const [key, server] of servers) {
        server.sweep(now);
        const isIdle = server.size === 0 && now - server.lastUsedAt >= bounds.sessionIdleMs;
        if (!isIdle) continue;
        servers.delete(key);
        void server.end('idle');
      }
    },
    close: async (graceMs) => {
      isClosing = true;
      closing.resolve();
      await whileBusy(() => replies.size > subscribers.size, graceMs);
      // Nobody waits for it: who did has been refused.
      await era;
      const ends = [...servers.values()].map((one) => one.end('the bridge is shutting down'));
      await Promise.all([...ends, probe]);
    },
  };
}
