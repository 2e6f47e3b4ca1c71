import * as z from 'zod';
import type { HostConfig } from '../config/schema.ts';
import type { Home } from '../config/home.ts';
import { formatEgress } from '../policy/egress.ts';
import { effectiveKeys, sources } from '../policy/effective.ts';
import { egressOf, limitsOf } from '../policy/of-user.ts';
import { objectPrefix } from '../reconcile/desired.ts';
import { risks } from '../policy/policy.ts';
import { operationResult } from '../reconcile/result.ts';
import type { User } from '../registry/rows.ts';
import { limitsResult, serverResult } from '../server/result.ts';
import { storageQuota } from '../storage/quota.ts';
import { storageResult } from '../storage/usage.ts';

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
  storageBytes: z.int().nullable().describe('quota of the workspace; null: none'),
  egress: z.string(),
  group: z.string().nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  runId: z.string().nullable(),
  down: z.boolean().describe('true when `down` took them down: no containers'),
});

export type UserResult = z.infer<typeof userResult>;

export const guaranteesResult = z.object({
  uidSeparation: z.boolean().describe('the server runs as another uid than its bridge'),
  ownUid: z.boolean().describe('no other user of mcpd has this uid'),
  egressEnforced: z.boolean().describe('the firewall holds the egress profile'),
  limitsEnforced: z.boolean().describe('the engine keeps memory, CPU and process caps'),
  storageEnforced: z.boolean().describe('the workspace can’t outgrow its quota; true without one'),
});

export const userAddResult = z.object({
  changed: z.boolean(),
  user: userResult,
  servers: z.array(serverResult),
  token: z.string().nullable().describe('shown once, when the user is made'),
});

const effectiveValue = z.union([z.string(), z.number(), z.array(z.string())]).nullable();

const effectiveRow = z.object({
  setting: z.enum(effectiveKeys),
  value: effectiveValue.describe('null: no limit; memory in bytes'),
  from: z.enum(sources).nullable().describe('who said it; null: nobody'),
});

export const effectiveResult = z.object({
  user: z.array(effectiveRow),
  servers: z.array(
    z.object({
      server: z.string(),
      differences: z.array(effectiveRow).describe('what differs from the user’s for it'),
    }),
  ),
});

const approvalResult = z.object({
  template: z.string(),
  risk: z.enum(risks),
  reason: z.string(),
  approvedBy: z.string(),
  approvedAt: z.iso.datetime(),
});

export const userShowResult = z.object({
  user: userResult,
  servers: z.array(serverResult),
  secrets: z.array(z.string()).describe('names'),
  approvals: z.array(approvalResult).describe('templates that are riskier than allowed'),
  storage: storageResult,
  guarantees: guaranteesResult,
  effective: effectiveResult.optional().describe('with --effective: what holds, and who says so'),
  stale: z.boolean().describe('true when the engine did not answer: states are unknown'),
});

interface Facts {
  readonly config: HostConfig;
  readonly home: Home;
  readonly instance: string;
}

export function describeUser(user: User, { config, home, instance }: Facts): UserResult {
  return {
    id: user.id,
    name: user.name,
    uid: user.uid,
    osUser: user.osUser,
    ports: user.ports,
    network: { name: `${objectPrefix(home, instance)}-${user.name}`, subnet: user.subnet },
    workspace: user.workspace,
    limits: limitsOf(config, user),
    storageBytes: storageQuota(config, user)?.bytes ?? null,
    egress: formatEgress(egressOf(config, user)),
    group: user.group?.name ?? null,
    createdAt: new Date(user.createdAt).toISOString(),
    expiresAt: user.expiresAt === null ? null : new Date(user.expiresAt).toISOString(),
    runId: user.runId,
    down: user.down,
  };
}

export const userUpdateResult = z.object({
  changed: z.boolean(),
  user: userResult,
  servers: z.array(serverResult),
  operations: z.array(operationResult),
});

export type UserUpdateResult = z.infer<typeof userUpdateResult>;

export const userRenameResult = userUpdateResult.extend({ before: z.string() });

export const userRemoveResult = z.object({
  removed: z.string(),
  workspace: z.string().nullable().describe('folder that was kept'),
  image: z
    .string()
    .nullable()
    .describe('file system with the kept files, when the disk had no room to unpack them'),
});

export type UserRemoveResult = z.infer<typeof userRemoveResult>;

export const runRemoveResult = z.object({
  changed: z.boolean(),
  runId: z.string(),
  users: z.array(userRemoveResult),
});

export type RunRemoveResult = z.infer<typeof runRemoveResult>;

export const userRemoveOutput = z.union([userRemoveResult, runRemoveResult]);

export const userListResult = z.object({
  users: z.array(userResult.extend({ servers: z.int() })),
});
