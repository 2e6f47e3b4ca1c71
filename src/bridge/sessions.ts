import type { Clock } from '../clock.ts';
import { isHost, type Principal } from './auth.ts';
import type { Child, ChildEvents } from './child.ts';
import type { BridgeConfig } from './config.ts';
import { nameEnding } from './ending.ts';
import type { Log } from './log.ts';
import type { Kind } from './policy/changes.ts';
import { Session } from './session.ts';
import { createSpare, type Started } from './spare.ts';
import type { Startups } from './startups.ts';
import { within } from './within.ts';
import { whileBusy } from './while-busy.ts';

interface SessionsOptions {
  readonly config: Pick<BridgeConfig, 'bounds' | 'memoryBytes' | 'server'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly startups: Startups;
  /** `label` names the session in what its server prints. */
  readonly startChild: (label: string, events: ChildEvents) => Child;
  readonly isCurrent: (principal: Principal) => boolean;
  /** The share of its caps that the container uses. */
  readonly fullness: () => number;
  /** The last session is over: none is left whose processes could be running. */
  readonly onIdle: () => void;
}

/** Why no session could be opened. */
export type Unavailable = 'full' | 'broken' | 'closing';

export interface Sessions {
  /** Sessions and servers that are still ending. */
  readonly size: number;
  /**
   * Starts a session; at the cap the least recently used idle one makes room. The host's own look has a
   * place beyond it, so that whether a server is ready can be asked without ending anybody's session.
   */
  open(principal: Principal): Promise<Session | Unavailable>;
  /** Another subject's session is as unknown as one that never was. */
  find(id: string, principal: Principal): Session | undefined;
  /** Ends a session; resolves when its server is gone. */
  end(session: Session, reason: string): Promise<void>;
  /** A process for a server that is not one session's own: the one that waits, or a new one. */
  startServer(): Started;
  /** Tells every client that a list has changed for it. */
  announce(kind: Kind): void;
  sweep(): void;
  /** Waits a moment for what is in flight, then ends every session. No new one is opened. */
  close(graceMs: number): Promise<void>;
}

/** A session's first requests go before the start of the next one's server. */
const restMs = 50;

/** No server is started ahead in a container that is so full already, and one that waits goes when it gets so full. */
const fullness = { toStart: 0.5, toEnd: 0.8 };

/** How long an `initialize` waits for a server that is ending to make room. */
const roomMs = 5_000;

export function createSessions(options: SessionsOptions): Sessions {
  const { config, clock, log, startups } = options;
  const live = new Map<string, Session>();
  const ending = new Set<Session>();
  const spare = createSpare({
    startChild: options.startChild,
    onFailed: (outcome) => startups.failed(nameEnding(outcome)),
  });
  let count = 0;
  let isClosing = false;
  let lastUsedAt = clock.now();
  let isTight = false;

  const nextLabel = (): string => {
    count += 1;
    return String(count);
  };

  const end = (session: Session, reason: string): Promise<void> => {
    if (live.delete(session.id)) ending.add(session);
    return session.end(reason);
  };

  const startServer = (): Started => {
    const started = spare.take();
    if (started) return started;
    const label = nextLabel();
    return { label, adopt: (events) => options.startChild(label, events) };
  };

  /** A spare is for clients that come; it must not take the memory that those who are there need. */
  const tendSpare = (now: number): void => {
    if (config.bounds.spares === 0 || isClosing) return;
    const isQuiet = live.size === 0 && now - lastUsedAt >= config.bounds.sessionIdleMs;
    const full = options.fullness();
    if (isQuiet || full > fullness.toEnd) {
      // It would only fill the container again: until a session ends there is none.
      isTight ||= full > fullness.toEnd;
      void spare.close('no client came');
    } else if (
      !spare.isThere &&
      !isTight &&
      full < fullness.toStart &&
      live.size + ending.size < config.bounds.sessions &&
      startups.pauseMs() === 0
    ) {
      spare.fill(nextLabel());
    }
  };

  const start = ({ subject }: Principal): Session => {
    const { label, adopt } = startServer();
    const session: Session = new Session({
      label,
      subject,
      bounds: config.bounds,
      memoryBytes: config.memoryBytes,
      clock,
      log,
      startChild: adopt,
      onAnswered: () => {
        startups.succeeded();
        setTimeout(() => tendSpare(clock.now()), restMs).unref();
      },
      onOver: (outcome, hasAnswered) => {
        live.delete(session.id);
        ending.delete(session);
        isTight = false;
        const isOurs = outcome.cause.kind === 'stopped';
        if (!hasAnswered && !isOurs) startups.failed(nameEnding(outcome));
        log(`session ${label}: ended, ${isOurs ? outcome.cause.reason : nameEnding(outcome)}`);
        if (live.size + ending.size === 0) options.onIdle();
      },
    });
    live.set(session.id, session);
    log(`session ${label}: started, pid ${session.pid ?? 'none'}`);
    return session;
  };

  /**
   * Starts a session once there is room, after making some if need be. Others wait for the same place,
   * so that nothing may come between the last look and the start.
   */
  const startInRoom = async (principal: Principal): Promise<Session | Unavailable> => {
    const deadline = clock.now() + roomMs;
    const most = config.bounds.sessions + Number(isHost(principal, config));
    while (live.size + ending.size >= most) {
      if (ending.size === 0) {
        const idle = leastWanted(live.values());
        if (!idle) return 'full';
        void end(idle, 'another session needed its place');
      }
      const left = deadline - clock.now();
      const gone = Promise.race([...ending].map((session) => session.ended));
      if (left <= 0 || !(await within(gone, left))) return 'full';
    }
    return isClosing ? 'closing' : start(principal);
  };

  return {
    get size() {
      return live.size + ending.size;
    },
    open: async (principal) => {
      if (isClosing) return 'closing';
      if (startups.pauseMs() > 0) return 'broken';
      lastUsedAt = clock.now();
      return startInRoom(principal);
    },
    find: (id, { subject }) => {
      const session = live.get(id);
      return session?.subject === subject ? session : undefined;
    },
    end,
    startServer,
    announce: (kind) => {
      for (const session of live.values()) session.announce(kind);
    },
    sweep: () => {
      const now = clock.now();
      for (const session of live.values()) {
        session.sweep(now, options.isCurrent);
        const isIdle = !session.isBusy && !session.isHeard;
        if (isIdle && now - session.lastUsedAt >= config.bounds.sessionIdleMs) {
          void end(session, 'idle');
        }
      }
      tendSpare(now);
    },
    close: async (graceMs) => {
      isClosing = true;
      await whileBusy(() => [...live.values()].some(({ isBusy }) => isBusy), graceMs);
      const all = [...live.values()].map((session) => end(session, 'the bridge is shutting down'));
      const spared = spare.close('the bridge is shutting down');
      await Promise.all([...all, spared, ...[...ending].map((session) => session.ended)]);
    },
  };
}

/** The idle session nobody listens to, else one somebody does; of those, the least recently used. */
function leastWanted(sessions: Iterable<Session>): Session | undefined {
  return [...sessions]
    .filter(({ isBusy }) => !isBusy)
    .toSorted(
      (one, other) =>
        Number(one.isHeard) - Number(other.isHeard) || one.lastUsedAt - other.lastUsedAt,
    )[0];
}
