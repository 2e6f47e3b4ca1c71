import * as z from 'zod';

export const runResult = z.object({
  exitCode: z
    .int()
    .describe('of the command, and of mcpd: 128 and the number of a signal that ended it'),
  signal: z.string().nullable().describe('what ended the command'),
  problem: z.string().nullable().describe('why the command could not be started'),
  user: z.string(),
  runId: z.string().nullable(),
  servers: z.array(z.object({ name: z.string(), url: z.url() })),
  artifacts: z.string().nullable().describe('folder with the logs, when the command failed'),
  removed: z.boolean().describe('false: what is left is removed by the next mcpd gc'),
});

export type RunResult = z.infer<typeof runResult>;
