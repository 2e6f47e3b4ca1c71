import * as z from 'zod';

const ms = z
  .number()
  .nullable()
  .describe('ms, estimated from counts by power of two; null without calls');

const figures = z.object({
  calls: z.int().describe('requests, the refused ones among them'),
  errors: z.int().describe('errors of the server or a tool, and answers that were lost'),
  refusals: z.int().describe('refused by policy, rate or scope'),
  errorRate: z.number().describe('errors per call'),
  latencyMs: z.object({ p50: ms, p95: ms, p99: ms }),
  bytesIn: z.int(),
  bytesOut: z.int(),
  resources: z
    .object({
      cpuSeconds: z.number(),
      memoryPeakBytes: z.int().describe('the most of any one server in any one hour'),
      oomKills: z.int(),
      restarts: z.int().describe('ends of server processes that nobody asked for'),
    })
    .nullable()
    .describe('of the containers; null by tool'),
  storageBytes: z
    .int()
    .nullable()
    .describe(
      'used now in the workspaces of a user, or of all; null: not of one user, or not all are measured',
    ),
  storageQuotaBytes: z.int().nullable().describe('of the same; null: not all have one'),
});

const row = z.object({
  name: z
    .string()
    .describe(
      'of the tool (tools/call:NAME, or another method), server, user, UTC day or UTC hour',
    ),
  ...figures.shape,
});

export const reportResult = z.object({
  since: z.string().describe('ISO 8601; reports are of whole hours'),
  until: z.string(),
  target: z.string().nullable().describe('user or user/server; null: all'),
  by: z.enum(['tool', 'server', 'user', 'day', 'hour']),
  total: figures,
  rows: z.array(row),
  plots: z
    .object({
      step: z.enum(['hour', 'day']),
      times: z.array(row).describe('every step of the period, in order'),
      tools: z.array(row).describe('the most called ones'),
      users: z.array(row).describe('the most calling ones'),
      servers: z.array(row).describe('the most called ones'),
    })
    .nullable()
    .describe('what the HTML page draws; null for the other formats'),
});

export type ReportResult = z.infer<typeof reportResult>;
export type Figures = z.infer<typeof figures>;
export type ReportRow = z.infer<typeof row>;
export type By = ReportResult['by'];
