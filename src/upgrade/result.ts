import * as z from 'zod';

export const upgradeResult = z.object({
  changed: z.boolean(),
  dryRun: z.boolean(),
  servers: z.array(
    z.object({
      server: z.string().describe('bob/filesystem'),
      outcome: z
        .enum(['upgraded', 'unchanged', 'rolled-back', 'failed', 'due', 'not-begun', 'stopped'])
        .describe(
          'rolled-back: it runs in its container of before; due: with --dry-run; not-begun: after a canary that failed; stopped: start it, then upgrade it',
        ),
      from: z.string().nullable().describe('version; null when it was never ready'),
      to: z.string().nullable().describe('version; null when it can’t be told'),
      problem: z.string().nullable(),
    }),
  ),
});

export type UpgradeResult = z.infer<typeof upgradeResult>;
export type UpgradeRow = UpgradeResult['servers'][number];
