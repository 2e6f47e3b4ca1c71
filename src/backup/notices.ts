import type * as z from 'zod';
import type { noticesResult } from './result.ts';

const most = 50;

/** Collects what is worth a line, of much the first. */
export interface Notices {
  add(path: string, what: string): void;
  result(): z.infer<typeof noticesResult>;
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
