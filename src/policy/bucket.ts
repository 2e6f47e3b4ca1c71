import type { Rate } from './bridge-policy.ts';

const minuteMs = 60_000;

/** Moments since 1970 with fractions of milliseconds lose their last digits when they are added up. */
const roundingMs = 0.1;

interface Taking {
  /** How many requests. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * What came of it: when the bucket will be full again, and how long to wait where nothing was taken. The state
 * is to be kept then too, where it is another. Times in ms.
 */
export interface Taken {
  readonly fullAt: number;
  /** 0: it was taken. */
  readonly waitMs: number;
}

/**
 * Takes from a token bucket whose whole state is the moment it will be full again; 0 is a full one. In any
 * stretch of time it gives at most `burst` and what flows in meanwhile. A count above `burst` never fits.
 */
export function takeFrom(fullAt: number, rate: Rate, { count, now }: Taking): Taken {
  const eachMs = minuteMs / rate.perMinute;
  const wholeMs = rate.burst * eachMs;
  // An empty bucket is as far as it goes: after the clock, or the rate, has jumped it could lie beyond.
  const start = fullAt > now + wholeMs + roundingMs ? now + wholeMs : fullAt;
  const next = Math.max(start, now) + count * eachMs;
  if (next - now <= wholeMs + roundingMs) return { fullAt: next, waitMs: 0 };
  return { fullAt: start, waitMs: next - now - wholeMs };
}

/** What a bridge takes at once from a bucket that several share: a tenth of a second's worth. */
export function batchOf({ perMinute, burst }: Rate): number {
  return Math.max(1, Math.min(Math.floor(perMinute / 600), burst));
}
