import { setImmediate } from 'node:timers/promises';

const mostMs = 20;

/**
 * A function to call often while files are copied, which leaves nothing else its turn otherwise: not even
 * Ctrl-C. Throws the signal's reason.
 */
export function createTurns(signal: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < mostMs) return;
    await setImmediate();
    since = performance.now();
    signal.throwIfAborted();
  };
}
