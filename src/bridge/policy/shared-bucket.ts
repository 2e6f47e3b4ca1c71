import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rate } from '../../policy/bridge-policy.ts';
import { takeFrom } from '../../policy/bucket.ts';
import { lazily, randomBytes } from '../builtins.ts';

export interface SharedBucket {
  /** Takes so many requests; gives how long to wait, in ms, where they are not there. Throws when the folder can't be used. */
  take(rate: Rate, taking: { readonly count: number; readonly now: number }): number;
}

const stateName = /^rate\.(\d{1,15})$/;
/** Another bridge is faster only once or twice; so often in a row it is no bridge. */
const attempts = 100;

/**
 * A token bucket of several bridges without a process or a lock between them. Its state is a file named by
 * a number; the next state is written beside it and linked to the next name, which succeeds for one bridge
 * only. The others read again. A bridge that is killed at any point leaves at most a draft behind.
 * `folder` is one that only these bridges can write to.
 */
export function openSharedBucket(folder: string): SharedBucket {
  // A process of its own in each container: pids would be the same.
  const draft = lazily(() => join(folder, `.rate.${randomBytes(8).toString('hex')}`));
  const place = (number: number): string => join(folder, `rate.${number}`);

  /** False when another bridge was faster. */
  const write = (number: number, fullAt: number): boolean => {
    writeFileSync(draft(), String(fullAt), { mode: 0o600 });
    try {
      linkSync(draft(), place(number));
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(draft(), { force: true });
    }
    const numbers = numbersIn(folder);
    // States were added and removed since the last look: this one follows none of them.
    if (Math.max(...numbers) > number) return false;
    for (const old of numbers) if (old < number) rmSync(place(old), { force: true });
    return true;
  };

  return {
    take: (rate, taking) => {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const number = Math.max(0, ...numbersIn(folder));
        const fullAt = number === 0 ? 0 : readState(place(number));
        if (fullAt === undefined) continue;
        const taken = takeFrom(fullAt, rate, taking);
        const isOther = taken.fullAt !== fullAt;
        if (!isOther || write(number + 1, taken.fullAt)) return taken.waitMs;
      }
      throw new Error('the shared rate changes too fast');
    },
  };
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const number = stateName.exec(name)?.[1];
    return number === undefined ? [] : Number(number);
  });
}

/** Undefined when it has been followed by another meanwhile. */
function readState(file: string): number | undefined {
  try {
    const fullAt = Number(readFileSync(file, 'utf8'));
    if (!Number.isFinite(fullAt)) throw new Error(`${file} holds no rate`);
    return fullAt;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
