import type { Clock } from '../clock.ts';

/** After this many failed starts in a row the server counts as broken and starts are spaced out. */
const budget = 3;
/** Reached within ten seconds by a server that fails at once: that soon Docker counts it as a failed start, and backs off. */
const mostFailures = 5;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** Whether the server starts: what the last starts came to. A start succeeds by answering `initialize`. */
export interface Startups {
  /** It has answered, and has not failed `budget` times in a row since. */
  readonly isReady: boolean;
  /** Failed so often in a row that starting over, container and all, is all that is left to try. */
  readonly isHopeless: boolean;
  /** Why the last start failed, in one word; `starting` when none has failed yet. */
  readonly reason: string;
  /** Milliseconds until the next start is allowed; 0 when it is. */
  pauseMs(): number;
  succeeded(): void;
  failed(reason: string): void;
}

export function trackStartups(clock: Clock): Startups {
  let hasAnswered = false;
  let failures = 0;
  let notBefore = 0;
  let reason = 'starting';
  return {
    get isReady() {
      return hasAnswered && failures < budget;
    },
    get isHopeless() {
      return failures >= mostFailures;
    },
    get reason() {
      return reason;
    },
    pauseMs: () => Math.max(0, notBefore - clock.now()),
    succeeded: () => {
      hasAnswered = true;
      failures = 0;
      notBefore = 0;
    },
    failed: (why) => {
      failures += 1;
      reason = why;
      if (failures < budget) return;
      notBefore = clock.now() + Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - budget));
    },
  };
}
