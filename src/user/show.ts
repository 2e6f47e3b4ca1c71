import type * as z from 'zod';
import type { Context } from '../context.ts';
import { guarantees } from './guarantees.ts';
import { lookAtEngine } from '../observe/look.ts';
import { listApprovals } from '../registry/approvals.ts';
import { getUser } from '../registry/users.ts';
import { listSecrets } from '../secrets/vault.ts';
import { storageUsage } from '../storage/usage.ts';
import { describeEffective } from './effective.ts';
import { describeUserAndServers } from './describe.ts';
import type { userShowResult } from './result.ts';

export async function showUser(
  context: Context,
  { name, effective }: { readonly name: string; readonly effective: boolean },
): Promise<z.infer<typeof userShowResult>> {
  const user = getUser(context.registry, name);
  const { observed, stale } = await lookAtEngine(context, user.id);
  return {
    ...describeUserAndServers(context, user.id, { ready: new Set(), observed, stale }),
    stale,
    secrets: listSecrets(context.registry, user.id).map((secret) => secret.name),
    approvals: listApprovals(context.registry, user.id).map((approval) => ({
      ...approval,
      approvedAt: new Date(approval.approvedAt).toISOString(),
    })),
    storage: await storageUsage(context, user, { measure: true }),
    guarantees: guarantees(context, user),
    ...(effective ? { effective: await describeEffective(context, user) } : {}),
  };
}
