import type { Clock } from '../clock.ts';
import type { Child, ChildEvents } from './child.ts';
import { nameEnding, type Ending } from './ending.ts';
import type { Log } from './log.ts';
import type { Startups } from './startups.ts';

interface HttpProcessOptions {
  readonly startups: Startups;
  readonly startChild: (label: string, events: ChildEvents) => Child;
  /** Resolves true once the server answers, false when `signal` was aborted before. */
  readonly untilAnswered: (signal: AbortSignal) => Promise<boolean>;
  /** How long a server may take to answer `initialize`, in ms. */
  readonly answerMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEnded: () => void;
}

/** One start of the server. */
export interface Run {
  readonly ended: Promise<Ending>;
}

export interface HttpProcess {
  /** It ended so often without an answer that starting over, container and all, is all that is left to try. */
  readonly isHopeless: boolean;
  /** `ready`, or one word that says why not. */
  check(): string;
  /** Waits until the server can be asked; else tells how its start ended, or why there is none. */
  up(): Promise<Run | Ending | 'broken' | 'closing'>;
  /** Runs what time demands: starts it again, stops a start that takes too long. */
  sweep(): void;
  /** No start follows, and `up` waits no more. */
  retire(): void;
  stop(reason: string): Promise<void>;
}

/** A server that has run so long after its answer has started well; what ends sooner counts as a failed start. */
const steadyMs = 10_000;

/** Keeps one server process running: started again when it ends, with pauses when it keeps ending. */
export function keepRunning(options: HttpProcessOptions): HttpProcess {
  const { startups, clock, log, answerMs } = options;
  let run: (Run & { child: Child; since: number; answered: Promise<boolean> }) | undefined;
  let isAnswered = false;
  let isRetired = false;
  /** The last run ended before it answered. */
  let isFruitless = false;

  const start = (): void => {
    if (run || isRetired || startups.pauseMs() > 0) return;
    const over = new AbortController();
    const ended = Promise.withResolvers<Ending>();
    const child = options.startChild('server', {
      onLine: () => undefined,
      onEnd: (ending) => {
        const isOurs = ending.cause.kind === 'stopped';
        if (!isOurs) startups.failed(nameEnding(ending));
        isFruitless = !isAnswered;
        run = undefined;
        isAnswered = false;
        over.abort();
        ended.resolve(ending);
        log(`server: ended, ${isOurs ? ending.cause.reason : nameEnding(ending)}`);
        options.onEnded();
        start();
      },
    });
    const answered = options.untilAnswered(over.signal);
    run = { child, since: clock.now(), answered, ended: ended.promise };
    log(`server: started, pid ${child.pid ?? 'none'}`);
    void settle(run);
  };

  const settle = async (started: NonNullable<typeof run>): Promise<void> => {
    if (!(await started.answered) || run !== started) return;
    started.since = clock.now();
    isAnswered = true;
  };

  return {
    get isHopeless() {
      return startups.isHopeless && isFruitless && !run;
    },
    check: () => (isAnswered ? 'ready' : startups.reason),
    up: async () => {
      if (isRetired) return 'closing';
      start();
      const current = run;
      if (!current) return 'broken';
      return (await current.answered) ? current : current.ended;
    },
    sweep: () => {
      start();
      if (!run) return;
      const runMs = clock.now() - run.since;
      if (isAnswered && runMs >= steadyMs) startups.succeeded();
      if (!isAnswered && runMs >= answerMs) void run.child.stop({ kind: 'silent' });
    },
    retire: () => void (isRetired = true),
    stop: async (reason) => run?.child.stop({ kind: 'stopped', reason }),
  };
}
