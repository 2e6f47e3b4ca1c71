import type { Clock } from '../clock.ts';
import type { Principal } from './auth.ts';
import type { Child, ChildEvents } from './child.ts';
import type { BridgeConfig } from './config.ts';
import { nameEnding } from './ending.ts';
import type { Log } from './log.ts';
import { Session } from './session.ts';
import type { Startups } from './startups.ts';
import { within } from './within.ts';

interface SessionsOptions {
  readonly config: Pick<BridgeConfig, 'bounds' | 'memoryBytes'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly startups: Startups;
  /** `label` names the session in what its server prints. */
  readonly startChild: (label: string, events: ChildEvents) => Child;
  readonly isCurrent: (principal: Principal) => boolean;
  /** The last session is over: none is left whose processes could be running. */
  readonly onIdle: () => void;
}

/** Why no session could be opened. */
export type Unavailable = 'full' | 'broken' | 'closing';

export interface Sessions {
  /** Sessions and servers that are still ending. */
  readonly size: number;
  /** Starts a session; at the cap the least recently used idle one makes room. */
  open(principal: Principal): Promise<Session | Unavailable>;
  /** Another subject's session is as unknown as one that never was. */
  find(id: string, principal: Principal): Session | undefined;
  /** Ends a session; resolves when its server is gone. */
  end(session: Session, reason: string): Promise<void>;
  sweep(): void;
  /** Waits a moment for what is in flight, then ends every session. No new one is opened. */
  close(graceMs: number): Promise<void>;
}

/** How long an `initialize` waits for a server that is ending to make room. */
const roomMs = 5_000;

export function createSessions(options: SessionsOptions): Sessions {
  const { config, clock, log, startups } = options;
  const live = new Map<string, Session>();
  const ending = new Set<Session>();
  let count = 0;
  let isClosing = false;

  const end = (session: Session, reason: string): Promise<void> => {
    if (live.delete(session.id)) ending.add(session);
    return session.end(reason);
  };

  const start = ({ subject }: Principal): Session => {
    count += 1;
    const label = String(count);
    const session: Session = new Session({
      label,
      subject,
      bounds: config.bounds,
      memoryBytes: config.memoryBytes,
      clock,
      log,
      startChild: (events) => options.startChild(label, events),
      onAnswered: startups.succeeded,
      onOver: (outcome, hasAnswered) => {
        live.delete(session.id);
        ending.delete(session);
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

  /** True when there is room, after making some if need be. */
  const makeRoom = async (): Promise<boolean> => {
    const deadline = clock.now() + roomMs;
    while (live.size + ending.size >= config.bounds.sessions) {
      if (ending.size === 0) {
        const idle = leastWanted(live.values());
        if (!idle) return false;
        void end(idle, 'another session needed its place');
      }
      const left = deadline - clock.now();
      const gone = Promise.race([...ending].map((session) => session.ended));
      if (left <= 0 || !(await within(gone, left))) return false;
    }
    return true;
  };

  return {
    get size() {
      return live.size + ending.size;
    },
    open: async (principal) => {
      if (isClosing) return 'closing';
      if (startups.pauseMs() > 0) return 'broken';
      if (!(await makeRoom())) return 'full';
      return isClosing ? 'closing' : start(principal);
    },
    find: (id, { subject }) => {
      const session = live.get(id);
      return session?.subject === subject ? session : undefined;
    },
    end,
    sweep: () => {
      const now = clock.now();
      for (const session of live.values()) {
        session.sweep(now, options.isCurrent);
        const isIdle = !session.isBusy && !session.isHeard;
        if (isIdle && now - session.lastUsedAt >= config.bounds.sessionIdleMs) {
          void end(session, 'idle');
        }
      }
    },
    close: async (graceMs) => {
      isClosing = true;
      const deadline = Date.now() + graceMs;
      while ([...live.values()].some(({ isBusy }) => isBusy) && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const all = [...live.values()].map((session) => end(session, 'the bridge is shutting down'));
      await Promise.all([...all, ...[...ending].map((session) => session.ended)]);
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
