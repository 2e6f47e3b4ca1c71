import type { Context } from '../context.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { isPromise, protectTenant } from '../firewall/protect.ts';
import { egressOf } from '../policy/of-user.ts';
import type { User } from '../registry/rows.ts';

/** Puts a user's egress profile in force. Gives what was not in force before; undefined: nothing. */
export async function enforceProfile(
  context: Context,
  user: User,
  isNew = false,
): Promise<string | undefined> {
  const egress = egressOf(context.config, user);
  const { unresolved, mended } = await protectTenant(context, {
    isNew,
    bridge: bridgeName(user.subnet),
    egress,
    explicit: isPromise(egress),
  });
  for (const target of unresolved) {
    context.progress.notice(
      `${target}, allowed to ${user.name}, has no address now: it stays unreachable.`,
    );
  }
  return mended;
}
