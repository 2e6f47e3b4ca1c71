import { CancelledError } from '../errors.ts';

/** How long a command may take to put things in order after the first Ctrl-C. */
const graceMs = 5_000;

export interface Interrupt {
  /** Aborted by the first Ctrl-C, with a CancelledError. */
  readonly signal: AbortSignal;
  /** Rejects when the command didn't end in time after it, or at the second. */
  readonly overdue: Promise<never>;
  dispose(): void;
}

type SignalSource = Pick<NodeJS.EventEmitter, 'on' | 'off'>;

/** Listens for Ctrl-C until disposed of. */
export function listenForInterrupt(source: SignalSource): Interrupt {
  const controller = new AbortController();
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  overdue.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;

  const onSignal = (): void => {
    const error = new CancelledError('Interrupted.', { code: 'INTERRUPTED' });
    if (controller.signal.aborted) {
      reject(error);
      return;
    }
    timer = setTimeout(reject, graceMs, error);
    controller.abort(error);
  };
  source.on('SIGINT', onSignal);

  return {
    signal: controller.signal,
    overdue,
    dispose: () => {
      clearTimeout(timer);
      source.off('SIGINT', onSignal);
    },
  };
}
