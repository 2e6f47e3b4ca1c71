import type { BridgePolicy, Rate } from '../../policy/bridge-policy.ts';
import { batchOf, takeFrom } from '../../policy/bucket.ts';
import type { SharedBucket } from './shared-bucket.ts';

export interface Rates {
  /**
   * Takes so many requests from the server's rate and the user's: 0, or the ms to wait. Undefined when the
   * user's can't be counted.
   */
  take(
    policy: BridgePolicy,
    taking: { readonly count: number; readonly now: number },
  ): number | undefined;
}

/** Requests taken ahead are given back to nobody; after this, in ms, they are not spent any more. */
const creditMs = 1_000;

/** Both rates that a request must be within. `shared` is undefined where bridges have no folder in common. */
export function createRates(shared: SharedBucket | undefined): Rates {
  let serverFullAt = 0;
  let credit = { count: 0, until: 0 };

  /** Taken in small batches, so that not every request goes to the folder. */
  const takeShared = (rate: Rate, { count, now }: { count: number; now: number }): number => {
    const left = credit.until > now ? credit.count : 0;
    if (left >= count) {
      credit = { ...credit, count: left - count };
      return 0;
    }
    if (!shared) throw new Error('there is no shared folder');
    const missing = count - left;
    const batch = Math.max(missing, batchOf(rate));
    if (batch > missing && shared.take(rate, { count: batch, now }) === 0) {
      credit = { count: batch - missing, until: now + creditMs };
      return 0;
    }
    const waitMs = shared.take(rate, { count: missing, now });
    if (waitMs === 0) credit = { count: 0, until: 0 };
    return waitMs;
  };

  return {
    take: ({ serverRate, userRate }, taking) => {
      // The server's own first, but taken last: what the other refuses must not be lost here.
      const own = serverRate ? takeFrom(serverFullAt, serverRate, taking) : undefined;
      if (own && own.waitMs > 0) {
        serverFullAt = own.fullAt;
        return own.waitMs;
      }
      try {
        const waitMs = userRate ? takeShared(userRate, taking) : 0;
        if (waitMs > 0) return waitMs;
      } catch {
        return undefined;
      }
      if (own) serverFullAt = own.fullAt;
      return 0;
    },
  };
}
