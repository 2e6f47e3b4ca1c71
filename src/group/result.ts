import * as z from 'zod';
import { policySchema } from '../policy/policy.ts';
import { operationResult } from '../reconcile/result.ts';
import type { Registry } from '../registry/database.ts';
import { listMembers } from '../registry/groups.ts';
import type { Group } from '../registry/rows.ts';

/** One group as commands report it. */
const groupResult = z.object({
  name: z.string(),
  policy: policySchema
    .extend({
      memory: z.int().optional(),
      cpuset: z.string().optional(),
      storage: z.int().optional(),
    })
    .describe('as --policy takes it'),
  members: z.array(z.string()).describe('names of users'),
  createdAt: z.iso.datetime(),
});

export const groupCreateResult = z.object({ changed: z.boolean(), group: groupResult });

export const groupChangeResult = z.object({
  changed: z.boolean(),
  group: groupResult,
  users: z
    .array(z.object({ user: z.string(), operations: z.array(operationResult) }))
    .describe('whom it concerns, and what was done to their containers'),
});

export const groupListResult = z.object({ groups: z.array(groupResult) });
export const groupShowResult = z.object({ group: groupResult });
export const groupRemoveResult = z.object({ removed: z.string() });

export type GroupCreateResult = z.infer<typeof groupCreateResult>;
export type GroupChangeResult = z.infer<typeof groupChangeResult>;
export type GroupListResult = z.infer<typeof groupListResult>;
export type GroupShowResult = z.infer<typeof groupShowResult>;
export type GroupRemoveResult = z.infer<typeof groupRemoveResult>;

export function describeGroup(registry: Registry, group: Group): z.infer<typeof groupResult> {
  return {
    name: group.name,
    policy: group.policy,
    members: listMembers(registry, group.id),
    createdAt: new Date(group.createdAt).toISOString(),
  };
}
