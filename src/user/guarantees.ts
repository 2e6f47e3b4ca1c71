import type * as z from 'zod';
import type { Context } from '../context.ts';
import { enforcement } from '../firewall/protect.ts';
import { egressOf } from '../policy/of-user.ts';
import type { User } from '../registry/rows.ts';
import { storageQuota } from '../storage/quota.ts';
import { isQuotaEnforced } from '../storage/usage.ts';
import type { guaranteesResult } from './result.ts';

/** Which promises hold for this user on this host. Caps always do: a lost one is an error at creation. */
export function guarantees(context: Context, user: User): z.infer<typeof guaranteesResult> {
  const isRoot = context.uid === 0;
  return {
    uidSeparation: isRoot,
    ownUid: isRoot,
    egressEnforced:
      egressOf(context.config, user).profile === 'open' || enforcement(context).enforced,
    limitsEnforced: true,
    storageEnforced:
      storageQuota(context.config, user) === undefined || isQuotaEnforced(context, user),
  };
}
