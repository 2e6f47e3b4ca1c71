import type { Context } from '../context.ts';
import { bridgePolicyOf } from '../policy/of-user.ts';
import { runtimeFolder } from '../reconcile/desired.ts';
import { listServers } from '../registry/servers.ts';
import { findUserById } from '../registry/users.ts';
import { writePolicy } from '../secrets/materialise.ts';

/**
 * Tells a user's bridges what holds now; one who was removed has none. Servers without a run-time folder learn it when they start. The
 * write lock is held meanwhile, so that of two changes the later one stays.
 */
export function publishPolicy(context: Context, userId: string): void {
  const { registry, config, home, uid, gid } = context;
  registry.transaction(() => {
    const user = findUserById(registry, userId);
    if (!user) return;
    for (const { id, name } of listServers(registry, userId)) {
      const folder = runtimeFolder(home, registry.instance, id);
      writePolicy(folder, bridgePolicyOf(config, user, name), { uid, gid });
    }
  });
}
