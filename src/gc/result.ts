import * as z from 'zod';

const leftoverResult = z.object({
  kind: z
    .enum(['user', 'container', 'network', 'folder', 'staged', 'restore', 'quarantine', 'lease'])
    .describe(
      'staged: a file system that was never finished; restore: files that were never moved into place; lease: of a process that has ended',
    ),
  name: z.string(),
  why: z.string(),
});

export const gcResult = z.object({
  changed: z.boolean(),
  dryRun: z.boolean(),
  removed: z.array(leftoverResult).describe('with dryRun: what would be'),
});

export type GcResult = z.infer<typeof gcResult>;
