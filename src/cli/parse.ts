import type * as z from 'zod';
import { UsageError } from '../errors.ts';

/** Parses what the user wrote; throws UsageError with the schema's own words, after the flag's name. */
export function parseText<Output>(
  schema: z.ZodType<Output, string>,
  text: string,
  label?: string,
): Output {
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ message }) => message).join('; ');
  throw new UsageError(`${label === undefined ? '' : `${label}: `}${reasons}.`, { code: 'USAGE' });
}
