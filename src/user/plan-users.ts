import * as z from 'zod';
import type { Context } from '../context.ts';
import { readIssuerKeys } from '../oidc/keys.ts';
import { operationResult } from '../reconcile/result.ts';
import { surveyUsers } from '../reconcile/survey.ts';
import { whyOver } from '../registry/lifetime.ts';
import { namedUsers } from '../registry/named.ts';
import { messageOf } from './each.ts';

export const planResult = z.object({
  users: z.array(
    z.object({
      user: z.string(),
      operations: z.array(operationResult),
      problem: z.string().nullable().describe('why nothing can be said of them'),
    }),
  ),
});

/** What `up` would do, and why. Changes nothing. Who can't be planned for doesn't stop the others. */
export async function planUsers(
  context: Context,
  names: readonly string[],
): Promise<z.infer<typeof planResult>> {
  // Who is down comes up, and who is over goes.
  const users = namedUsers(context.registry, names).map((user) => ({
    ...user,
    down: whyOver(context.registry, user) !== undefined,
  }));
  const keys = readIssuerKeys(context.home, context.config.oidc.issuer);
  const outlooks = await surveyUsers(context, users, keys);
  const plans = users.map(({ name }, index) => {
    const outlook = outlooks[index];
    if (outlook?.status === 'fulfilled') {
      return { user: name, operations: [...outlook.value.operations], problem: null };
    }
    if (users.length === 1) throw outlook?.reason;
    return { user: name, operations: [], problem: messageOf(outlook?.reason) };
  });
  return { users: plans };
}
