import * as z from 'zod';
import { clientNames } from './clients.ts';

export const connectResult = z.object({
  changed: z.boolean().describe('a token was made, or a file was written'),
  user: z.string(),
  servers: z.array(z.object({ name: z.string(), server: z.string(), url: z.url() })),
  header: z.object({ name: z.literal('Authorization'), value: z.string() }),
  token: z
    .enum(['placeholder', 'given', 'created', 'written'])
    .describe('whose value stands in the header and the blocks; written: in the file only'),
  clients: z.array(
    z.object({
      client: z.enum(clientNames),
      title: z.string(),
      file: z.string(),
      block: z.string().describe('what goes into the file'),
    }),
  ),
  written: z
    .object({ file: z.string(), changed: z.boolean() })
    .nullable()
    .describe('the file that --write is about'),
});

export type ConnectResult = z.infer<typeof connectResult>;
