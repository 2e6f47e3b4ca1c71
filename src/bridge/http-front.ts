import { Agent } from './builtins.ts';
import type { Child, ChildEvents } from './child.ts';
import type { HttpTarget } from './config.ts';
import type { Principal } from './auth.ts';
import type { Forward } from './endpoint.ts';
import type { HttpExchange } from './http-exchange.ts';
import { isExposed } from './http-exposure.ts';
import { createForward, type ForwardOptions } from './http-forward.ts';
import { untilAnswered } from './http-probe.ts';
import { keepRunning } from './http-process.ts';
import { trackHttpSessions } from './http-sessions.ts';
import type { Kind } from './policy/changes.ts';
import type { Log } from './log.ts';
import { keepAlives } from './tending.ts';
import { whileBusy } from './while-busy.ts';

interface HttpFrontOptions extends Pick<
  ForwardOptions,
  'config' | 'clock' | 'bodies' | 'guard' | 'startups' | 'target'
> {
  readonly startChild: (label: string, events: ChildEvents) => Child;
  readonly isCurrent: (principal: Principal) => boolean;
  readonly log: Log;
  /** The server has ended, and with it what may still run of it. */
  readonly onIdle: () => void;
}

/** What stands before a server that speaks HTTP itself. */
export interface HttpFront {
  readonly forward: Forward;
  /** The server ends at every start. */
  readonly isHopeless: boolean;
  /** `ready`, or one word that says why not. */
  check(): string;
  /** Tells who listens that a list has changed for them. */
  announce(kind: Kind): void;
  /** Runs what time demands; the first time it starts the server. */
  sweep(): void;
  /** Waits a moment for what is in flight, then ends the server. */
  close(graceMs: number): Promise<void>;
}

/** Shorter than servers keep an idle connection, so that no request goes into one that is being closed. */
const idleSocketMs = 2_000;

export function createHttpFront(options: HttpFrontOptions): HttpFront {
  const { target, config, clock, log } = options;
  const exchanges = new Set<HttpExchange>();
  const sessions = trackHttpSessions();
  const agent = new Agent({ keepAlive: true, timeout: idleSocketMs });
  let declared: ReadonlySet<Kind> = new Set();
  const isKeepAliveTime = keepAlives(clock.now());
  const process = keepRunning({
    startups: options.startups,
    startChild: options.startChild,
    untilAnswered: async (signal) => {
      const hasAnswered = await untilAnswered(target, signal);
      if (hasAnswered && isExposed(target.port)) log(exposure);
      return hasAnswered;
    },
    answerMs: config.bounds.initializeMs,
    clock,
    log,
    onEnded: () => {
      sessions.clear();
      options.onIdle();
    },
  });

  return {
    forward: createForward({
      ...options,
      agent,
      process,
      sessions,
      exchanges,
      onDeclared: (kinds) => void (declared = kinds),
    }),
    get isHopeless() {
      return process.isHopeless;
    },
    check: process.check,
    announce: (kind) => {
      const listening = [...exchanges].filter(({ isListening }) => isListening);
      for (const exchange of listening) {
        const { sessionId } = exchange;
        // A session hears it once, on the newest of its streams, and if its server does such things.
        const isOld = listening.findLast((one) => one.sessionId === sessionId) !== exchange;
        if (sessionId === undefined || (declared.has(kind) && !isOld)) exchange.announce(kind);
      }
    },
    sweep: () => {
      process.sweep();
      const now = clock.now();
      const keepAlive = isKeepAliveTime(now);
      for (const exchange of exchanges) {
        exchange.sweep(now, options.isCurrent, keepAlive);
      }
    },
    close: async (graceMs) => {
      process.retire();
      await whileBusy(() => [...exchanges].some(({ isListening }) => !isListening), graceMs);
      await process.stop('the bridge is shutting down');
      agent.destroy();
    },
  };
}

const exposure =
  'server: listens beyond 127.0.0.1, where it is reached without a token; it should listen on HOST';

/** What a server is told besides its template's own environment. */
export function httpEnvironment(target: HttpTarget | undefined): Record<string, string> {
  return target ? { HOST: '127.0.0.1', PORT: String(target.port) } : {};
}
