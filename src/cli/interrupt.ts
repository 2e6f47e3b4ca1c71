import { CancelledError } from '../errors.ts';

export interface InterruptOptions {
  /** Which signals ask a command to end; Ctrl-C alone if left out. */
  readonly signals?: readonly NodeJS.Signals[];
  /** How long a command may take to put things in order after the first one, in milliseconds. */
  readonly graceMs?: number;
  /** Called when it takes long enough for somebody to wonder. */
  readonly onWait?: () => void;
}

/** Until somebody at a terminal wonders whether Ctrl-C was heard. */
const noticeableMs = 1_000;

export interface Interrupt {
  /** Aborted by the first Ctrl-C, with a CancelledError. */
  readonly signal: AbortSignal;
  /** Rejects when the command didn't end in time after it, or at the second. */
  readonly overdue: Promise<never>;
  /** From now on signals go to this listener, and abort nothing. */
  divert(listener: (name: NodeJS.Signals) => void): void;
  dispose(): void;
}

type SignalSource = Pick<NodeJS.EventEmitter, 'on' | 'off'>;

/** Listens for Ctrl-C, or what else asks a command to end, until disposed of. */
export function listenForInterrupt(
  source: SignalSource,
  { signals = ['SIGINT'], graceMs = 30_000, onWait }: InterruptOptions = {},
): Interrupt {
  const controller = new AbortController();
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  overdue.catch(() => undefined);
  const timers: NodeJS.Timeout[] = [];
  const clearTimers = (): void => timers.splice(0).forEach((timer) => clearTimeout(timer));

  let listener: (name: NodeJS.Signals) => void = () => {
    const error = new CancelledError('Interrupted.', { code: 'INTERRUPTED' });
    if (controller.signal.aborted) {
      reject(error);
      return;
    }
    timers.push(setTimeout(reject, graceMs, error));
    if (onWait) timers.push(setTimeout(onWait, noticeableMs));
    controller.abort(error);
  };
  const onSignal = (name: NodeJS.Signals): void => listener(name);
  for (const name of signals) source.on(name, onSignal);

  return {
    signal: controller.signal,
    overdue,
    divert: (other) => {
      clearTimers();
      listener = other;
    },
    dispose: () => {
      clearTimers();
      for (const name of signals) source.off(name, onSignal);
    },
  };
}
