import * as z from 'zod';
import { operationResult } from '../reconcile/result.ts';

export const applyResult = z.object({
  changed: z.boolean(),
  dryRun: z.boolean().describe('true: nothing was done'),
  operations: z.array(operationResult).describe('what was done, or would be'),
  unlisted: z
    .object({ users: z.array(z.string()), groups: z.array(z.string()) })
    .describe('names that the document does not list, and that stay without --prune'),
});

export type ApplyResult = z.infer<typeof applyResult>;
