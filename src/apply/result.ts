import * as z from 'zod';
import { operationResult } from '../reconcile/result.ts';

export const applyResult = z.object({
  changed: z.boolean(),
  dryRun: z.boolean().describe('true: nothing was done'),
  operations: z.array(
    operationResult.extend({
      outcome: z
        .enum(['done', 'failed', 'not-tried', 'due'])
        .describe('not-tried: something before it failed; due: with --dry-run'),
    }),
  ),
  failures: z
    .array(
      z.object({
        kind: z.enum(['user', 'group', 'template']),
        name: z.string(),
        code: z.string().describe('as in an error'),
        problem: z.string(),
        suggestions: z.array(z.string()).describe('next steps, best first'),
      }),
    )
    .describe('who failed, and why; the others were gone on with'),
  unlisted: z
    .object({ users: z.array(z.string()), groups: z.array(z.string()) })
    .describe('names that the document does not list, and that stay without --prune'),
});

export type ApplyResult = z.infer<typeof applyResult>;
export type ApplyRow = ApplyResult['operations'][number];
export type ApplyFailure = ApplyResult['failures'][number];
