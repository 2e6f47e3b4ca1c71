import * as z from 'zod';

export const metricsResult = z.object({
  metrics: z
    .array(
      z.object({
        name: z.string(),
        type: z.enum(['counter', 'gauge', 'histogram']),
        help: z.string(),
        values: z.array(
          z.object({
            name: z.string().describe('of the series, such as NAME_bucket'),
            labels: z.record(z.string(), z.union([z.string(), z.number()])),
            value: z.number(),
          }),
        ),
      }),
    )
    .describe('empty after --listen'),
  scrapes: z.int().describe('how often they were served with --listen'),
});

export type MetricsResult = z.infer<typeof metricsResult>;
