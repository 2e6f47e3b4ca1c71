import * as z from 'zod';
import type { HostConfig } from '../config/schema.ts';
import type { ObservedServer } from '../reconcile/observed.ts';
import { serverUrl } from '../reconcile/bridge-config.ts';
import type { Server } from '../registry/rows.ts';

export const serverStates = [
  'running',
  'created',
  'paused',
  'restarting',
  'exited',
  'dead',
  'removing',
  'absent',
  'unknown',
] as const;

/** One server as commands report it. */
export const serverResult = z.object({
  name: z.string(),
  template: z.string(),
  port: z.int(),
  url: z.url(),
  state: z
    .enum(serverStates)
    .describe('of the container; absent: there is none; unknown: the engine did not answer'),
  ready: z.boolean().describe('answered an MCP handshake in this command'),
});

export type ServerResult = z.infer<typeof serverResult>;

interface Facts {
  readonly config: HostConfig;
  readonly observed: ObservedServer | undefined;
  readonly ready: boolean;
  /** The engine didn't answer. */
  readonly stale: boolean;
}

export function describeServer(
  server: Server,
  { config, observed, ready, stale }: Facts,
): ServerResult {
  return {
    name: server.name,
    template: server.template,
    port: server.port,
    url: serverUrl(config, server.port),
    state: observed?.state ?? (stale ? 'unknown' : 'absent'),
    ready,
  };
}

export const serverAddResult = z.object({
  changed: z.boolean(),
  user: z.string(),
  server: serverResult,
});

export const serverRemoveResult = z.object({ removed: z.string() });

export const serverListResult = z.object({
  servers: z.array(serverResult.extend({ user: z.string() })),
  stale: z.boolean().describe('true when the engine did not answer: states are unknown'),
});

export const limitsResult = z.object({
  memoryBytes: z.int(),
  cpus: z.number(),
  pids: z.int(),
  cpuset: z
    .string()
    .nullable()
    .describe('processors that it may run on, where the engine has them; null: all'),
});

export const serverShowResult = z.object({
  user: z.string(),
  server: serverResult,
  description: z.string(),
  source: z.string(),
  riskLevel: z.string(),
  secrets: z.array(z.object({ name: z.string(), required: z.boolean(), set: z.boolean() })),
  limits: limitsResult,
  stale: z.boolean(),
});

export const runStateResult = z.object({
  changed: z.boolean(),
  user: z.string(),
  servers: z.array(serverResult),
});
