import type { Child, ChildEvents } from './child.ts';
import type { Ending } from './ending.ts';

interface SpareOptions {
  readonly startChild: (label: string, events: ChildEvents) => Child;
  /** It ended before anybody took it, and not because it was told to. */
  readonly onFailed: (ending: Ending) => void;
}

/** A server whose process runs already. */
export interface Started {
  readonly label: string;
  /** From now on `events` gets all that it says, from its first line on. */
  adopt(events: ChildEvents): Child;
}

/** At most one server that was started ahead, so that a session finds its process running. */
export interface Spare {
  /** One waits, or is ending. */
  readonly isThere: boolean;
  /** Starts one, unless one is there. */
  fill(label: string): void;
  /** The one that waits; undefined when there is none. */
  take(): Started | undefined;
  /** Ends the one that waits; resolves when it is gone. */
  close(reason: string): Promise<void>;
}

interface Waiting {
  readonly label: string;
  readonly child: Child;
  events?: ChildEvents;
}

export function createSpare({ startChild, onFailed }: SpareOptions): Spare {
  let waiting: Waiting | undefined;
  let isClosing = false;

  return {
    get isThere() {
      return waiting !== undefined;
    },
    fill: (label) => {
      if (waiting) return;
      const child = startChild(label, {
        onLine: (line) => one.events?.onLine(line),
        onEnd: (ending) => {
          if (one.events) return one.events.onEnd(ending);
          waiting = undefined;
          isClosing = false;
          if (ending.cause.kind !== 'stopped') onFailed(ending);
        },
      });
      const one: Waiting = { label, child };
      // What it says is for its session to read; a chatty one blocks on its pipe.
      child.pause();
      waiting = one;
    },
    take: () => {
      if (!waiting || isClosing) return undefined;
      const one = waiting;
      waiting = undefined;
      return {
        label: one.label,
        adopt: (events) => {
          one.events = events;
          one.child.resume();
          return one.child;
        },
      };
    },
    close: async (reason) => {
      if (!waiting) return;
      isClosing = true;
      await waiting.child.stop({ kind: 'stopped', reason });
    },
  };
}
