import type * as z from 'zod';
import type { noticesResult } from './result.ts';

const most = 50;

/** Collects what is worth a line, of much the first. */
export interface Notices {
  add(path: string, what: string): void;
  result(): z.infer<typeof noticesResult>;
}

/** Several in one, of much the first. Pure. */
export function joinNotices(all: readonly ReturnType<Notices['result']>[]) {
  return {
    first: all.flatMap(({ first }) => first).slice(0, most),
    count: all.reduce((sum, { count }) => sum + count, 0),
  };
}

export function createNotices(): Notices {
  const first: { path: string; what: string }[] = [];
  let count = 0;
  return {
    add: (path, what) => {
      count += 1;
      if (first.length < most) first.push({ path, what });
    },
    result: () => ({ first: [...first], count }),
  };
}
