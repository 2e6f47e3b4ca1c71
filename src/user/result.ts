import * as z from 'zod';
import type { HostConfig } from '../config/schema.ts';
import type { Home } from '../config/home.ts';
import { formatEgress } from '../policy/egress.ts';
import { mergeLimits } from '../policy/limits.ts';
import { objectPrefix } from '../reconcile/desired.ts';
import { operationResult } from '../reconcile/result.ts';
import type { User } from '../registry/rows.ts';
import { serverResult } from '../server/result.ts';

const limitsResult = z.object({
  memoryBytes: z.int(),
  cpus: z.number(),
  pids: z.int(),
});

/** One user as commands report it. */
const userResult = z.object({
  id: z.string(),
  name: z.string(),
  uid: z.int(),
  osUser: z.string().nullable(),
  ports: z.object({ start: z.int(), end: z.int() }),
  network: z.object({ name: z.string(), subnet: z.string() }),
  workspace: z.string(),
  limits: limitsResult.describe('per server; a template may set lower or higher ones'),
  egress: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
});

export type UserResult = z.infer<typeof userResult>;

export const guaranteesResult = z.object({
  uidSeparation: z.boolean().describe('the server runs as another uid than its bridge'),
  ownUid: z.boolean().describe('no other user of mcpd has this uid'),
  egressEnforced: z.boolean().describe('the firewall holds the egress profile'),
  limitsEnforced: z.boolean().describe('the engine keeps memory, CPU and process caps'),
});

export const userAddResult = z.object({
  changed: z.boolean(),
  user: userResult,
  servers: z.array(serverResult),
  token: z.string().nullable().describe('shown once, when the user is made'),
});

export const userShowResult = z.object({
  user: userResult,
  servers: z.array(serverResult),
  secrets: z.array(z.string()).describe('names'),
  guarantees: guaranteesResult,
  stale: z.boolean().describe('true when the engine did not answer: states are unknown'),
});

interface Facts {
  readonly config: HostConfig;
  readonly home: Home;
  readonly instance: string;
}

export function describeUser(user: User, { config, home, instance }: Facts): UserResult {
  const { memory, cpus, pids } = config.limits;
  return {
    id: user.id,
    name: user.name,
    uid: user.uid,
    osUser: user.osUser,
    ports: user.ports,
    network: { name: `${objectPrefix(home, instance)}-${user.name}`, subnet: user.subnet },
    workspace: user.workspace,
    limits: mergeLimits({ memoryBytes: memory, cpus, pids }, user.limits),
    egress: formatEgress(user.egress),
    createdAt: new Date(user.createdAt).toISOString(),
    expiresAt: user.expiresAt === null ? null : new Date(user.expiresAt).toISOString(),
  };
}

export const userUpdateResult = z.object({
  changed: z.boolean(),
  user: userResult,
  servers: z.array(serverResult),
  operations: z.array(operationResult),
});

export type UserUpdateResult = z.infer<typeof userUpdateResult>;

export const userRemoveResult = z.object({
  removed: z.string(),
  workspace: z.string().nullable().describe('folder that was kept'),
});

export type UserRemoveResult = z.infer<typeof userRemoveResult>;

export const userListResult = z.object({
  users: z.array(userResult.extend({ servers: z.int(), down: z.boolean() })),
});
