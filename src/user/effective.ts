import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import type { Context } from '../context.ts';
import { effectiveKeys, type EffectiveKey, type EffectivePolicy } from '../policy/effective.ts';
import { policyOf } from '../policy/of-user.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { templateOf } from '../templates/of-server.ts';
import type { effectiveResult } from './result.ts';

/** What holds for a user, and what differs at each of their servers, with who says so. */
export async function describeEffective(
  context: Context,
  user: User,
): Promise<z.infer<typeof effectiveResult>> {
  const { config, registry } = context;
  const policy = policyOf(config, user);
  const isForServers = (key: EffectiveKey) => key.startsWith('server.');
  const servers = listServers(registry, user.id).map(async (server) => {
    const { name } = server;
    const { limits } = await templateOf(context, server).catch(() => ({ limits: {} }));
    const there = policyOf(config, user, { name, limits });
    const differs = (key: EffectiveKey) => !isDeepStrictEqual(there[key], policy[key]);
    return { server: name, differences: rows(there, effectiveKeys.filter(differs)) };
  });
  return {
    user: rows(
      policy,
      effectiveKeys.filter((key) => !isForServers(key)),
    ),
    servers: await Promise.all(servers),
  };
}

function rows(policy: EffectivePolicy, keys: readonly EffectiveKey[]) {
  return keys.map((setting) => {
    const { value, from } = policy[setting];
    return { setting, value: typeof value === 'object' ? value && [...value] : value, from };
  });
}
