import type { Child, ChildEvents } from './child.ts';

/** Who is to speak next. */
type Speaker = 'server' | 'client';

/** About what it takes until a process that sleeps is woken up, on a virtual machine, in ms. */
const vigilMs = 0.1;
/** What was there already, among many calls, would not have been slept for. */
const nothingMs = 0.01;
/** For so many sweeps after the last time that the container was stopped for its cap. */
const restSweeps = 60;

interface VigilOptions {
  /** Milliseconds, with fractions, of a clock that is never set. */
  readonly now: () => number;
  /** Calls back on the next turn of the event loop, which looks for input then and doesn't wait for it. */
  readonly onNextTurn: (callback: () => void) => void;
  /** How often the kernel has stopped this container for its cap on processors. */
  readonly countThrottles: () => number;
}

/**
 * Stays awake for a tenth of a millisecond, where that was worth it the last time: a server that answers at once, or
 * a client whose next call comes at once, finds the bridge running then, and it need not be woken up. A longer
 * wait ends that for its like until one was short again, so that a bridge that is called now and then sleeps.
 * A server that needs all that its cap allows gets it.
 */
export class Vigil {
  readonly #options: VigilOptions;
  readonly #isWorthIt: Record<Speaker, boolean> = { server: false, client: false };
  #awaited: Speaker | undefined;
  #since = 0;
  #isLooking = false;
  #throttles: number;
  #restsFor = 0;

  constructor(options: VigilOptions) {
    this.#options = options;
    this.#throttles = options.countThrottles();
  }

  /** There is nothing to do before this one speaks. */
  expect(speaker: Speaker): void {
    this.#awaited = speaker;
    this.#since = this.#options.now();
    if (this.#isLooking || this.#restsFor > 0 || !this.#isWorthIt[speaker]) return;
    this.#isLooking = true;
    this.#options.onNextTurn(this.#look);
  }

  /** Somebody speaks. */
  came(): void {
    if (this.#awaited === undefined) return;
    const waitedMs = this.#options.now() - this.#since;
    this.#isWorthIt[this.#awaited] = waitedMs > nothingMs && waitedMs <= vigilMs;
    this.#awaited = undefined;
  }

  /** To be called every second. */
  sweep(): void {
    const throttles = this.#options.countThrottles();
    this.#restsFor = throttles > this.#throttles ? restSweeps : Math.max(0, this.#restsFor - 1);
    this.#throttles = throttles;
  }

  readonly #look = (): void => {
    const speaker = this.#awaited;
    this.#isLooking =
      speaker !== undefined &&
      this.#isWorthIt[speaker] &&
      this.#options.now() - this.#since < vigilMs;
    if (this.#isLooking) this.#options.onNextTurn(this.#look);
  };
}

type Start = (label: string, events: ChildEvents) => Child;

/** Starts servers as `start` does, for which a vigil is kept. */
export function underVigil(vigil: Vigil, start: Start): Start {
  return (label, events) => {
    const onLine = (line: Buffer): void => {
      vigil.came();
      events.onLine(line);
      vigil.expect('client');
    };
    const child = start(label, { ...events, onLine });
    const write = child.write.bind(child);
    return Object.assign(child, {
      write: (line: Buffer) => {
        write(line);
        vigil.expect('server');
      },
    });
  };
}
