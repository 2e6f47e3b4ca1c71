import * as z from 'zod';

/** One secret as commands report it; never its value. */
const secretResult = z.object({ name: z.string(), updatedAt: z.iso.datetime() });

export const secretSetResult = z.object({
  changed: z.boolean(),
  user: z.string(),
  secret: secretResult,
  restart: z.array(z.string()).describe('servers that have the earlier value until restarted'),
});

export const secretListResult = z.object({
  user: z.string(),
  secrets: z.array(
    secretResult.extend({ servers: z.array(z.string()).describe('those that get it') }),
  ),
});

export const secretRemoveResult = z.object({
  changed: z.literal(true),
  user: z.string(),
  removed: z.string(),
  restart: z.array(z.string()).describe('servers that still have the value until restarted'),
});
