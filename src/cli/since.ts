import * as z from 'zod';
import { durationText } from './duration.ts';

/** A time in milliseconds since the epoch, given the present one. */
export type Since = (now: number) => number;

/** `10m`, meaning ago, or an ISO 8601 date or time. */
export const sinceText = z.string().transform((text, issue): Since => {
  const ago = durationText.safeParse(text);
  if (ago.success) return (now) => now - ago.data;
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return () => at;
  issue.addIssue(`"${text}" is not a time; write e.g. 10m, 2h or 2026-01-31T12:00:00Z`);
  return z.NEVER;
});
