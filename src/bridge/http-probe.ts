import { setTimeout as delay } from 'node:timers/promises';
import type { HttpTarget } from './config.ts';
import { askHttp, endHttpSession } from './http-ask.ts';
import { initialize } from './readiness.ts';

const firstPauseMs = 20;
const longestPauseMs = 500;

/** Asks a server to initialize until it answers; false when `signal` was aborted before. */
export async function untilAnswered(target: HttpTarget, signal: AbortSignal): Promise<boolean> {
  for (let pause = firstPauseMs; !signal.aborted; pause = Math.min(2 * pause, longestPauseMs)) {
    const answer = await askHttp(target, { body: initialize, signal });
    if (answer?.json) {
      if (answer.sessionId !== undefined) endHttpSession(target, answer.sessionId, signal);
      return true;
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
