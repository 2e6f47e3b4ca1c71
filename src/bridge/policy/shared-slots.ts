import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { lazily, randomBytes } from '../builtins.ts';

export interface SharedSlots {
  /** Takes `count` of `most` slots; gives their numbers, or none when there are not so many, or nothing can be counted. */
  take(most: number, count: number): readonly number[];
  release(numbers: readonly number[]): void;
  /** Says that this bridge still runs; to be called every second. */
  refresh(): void;
}

/** A bridge says every second that it runs; after so many ms without a word it does not. */
const aliveMs = 10_000;

/**
 * Slots of several bridges: each is a file that one bridge could make. A bridge that was killed says no more
 * that it runs, and its slots are taken over. `folder` is one that only these bridges can write to.
 */
export function openSharedSlots(folder: string, clock: Clock): SharedSlots {
  const id = lazily(() => randomBytes(8).toString('hex'));
  const mine = new Set<number>();
  const place = (number: number): string => join(folder, `slot.${number}`);

  const touch = (number: number): void => {
    const seconds = clock.now() / 1000;
    utimesSync(place(number), seconds, seconds);
  };

  const isOld = (file: string): boolean =>
    clock.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? clock.now()) > aliveMs;

  /** Moved away first, so that of two bridges that find it old one gets it. */
  const clear = (number: number): void => {
    const moved = join(folder, `.slot.${id()}`);
    renameSync(place(number), moved);
    // It was another's already, and new.
    if (!isOld(moved)) linkSync(moved, place(number));
    rmSync(moved, { force: true });
  };

  const takeOne = (number: number): boolean => {
    try {
      if (isOld(place(number))) clear(number);
      writeFileSync(place(number), id(), { flag: 'wx', mode: 0o600 });
      touch(number);
      mine.add(number);
      return true;
    } catch {
      return false;
    }
  };

  const release = (numbers: readonly number[]): void => {
    for (const number of numbers) {
      mine.delete(number);
      if (isOwn(place(number), id())) rmSync(place(number), { force: true });
    }
  };

  return {
    take: (most, count) => {
      const taken: number[] = [];
      const there = namesIn(folder);
      for (let number = 0; number < most && taken.length < count; number += 1) {
        const isFree = !there.has(`slot.${number}`) || isOld(place(number));
        if (isFree && takeOne(number)) taken.push(number);
      }
      if (taken.length === count) return taken;
      release(taken);
      return [];
    },
    release,
    refresh: () => {
      for (const number of mine) {
        try {
          if (isOwn(place(number), id())) touch(number);
        } catch {
          // This bridge was silent for so long that another one has just taken the slot over.
        }
      }
    },
  };
}

function namesIn(folder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folder));
  } catch {
    return new Set();
  }
}

function isOwn(file: string, id: string): boolean {
  try {
    return readFileSync(file, 'utf8') === id;
  } catch {
    return false;
  }
}
