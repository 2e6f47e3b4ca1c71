import { existsSync } from 'node:fs';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { isPromise, protectTenants, requireProtection } from '../firewall/protect.ts';
import { readListeners } from '../host/sockets.ts';
import { readIssuerKeys } from '../oidc/keys.ts';
import { trustedIssuer } from '../oidc/trust.ts';
import { egressOf } from '../policy/of-user.ts';
import { isWanted, runtimeFolder } from '../reconcile/desired.ts';
import { writeRuntime } from '../reconcile/write-runtime.ts';
import { keptBridge } from '../registry/bridges.ts';
import { namedUsers } from '../registry/named.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { remountVolume } from '../storage/settle.ts';
import { templateOf } from '../templates/of-server.ts';
import { forEachUser } from '../user/each.ts';
import { withUser } from '../user/lease.ts';

export const prepareResult = z.object({
  changed: z.boolean(),
  users: z.array(
    z.object({
      user: z.string(),
      outcome: z
        .enum(['prepared', 'running', 'unwanted'])
        .describe('running: it was left alone; unwanted: down, or its time is over'),
      changed: z.boolean().describe('something was missing'),
    }),
  ),
});

export type PrepareResult = z.infer<typeof prepareResult>;

const atOnce = 4;

/**
 * Puts in place what containers need to start: firewall, file systems of workspaces, run-time files. It
 * asks no engine, so that it can come before one that starts containers by itself; what runs already is
 * left alone. Of what needs an engine or the network, nothing is done: `up` does that. Throws
 * FirewallError, PartialFailureError; whoever isn't prepared can't start.
 */
export async function prepareUsers(
  context: Context,
  names: readonly string[],
): Promise<PrepareResult> {
  const { registry, config } = context;
  const listening = new Set((await readListeners()).map(({ port }) => port));
  const chosen = namedUsers(registry, names);
  const outcomes = new Map(chosen.map((user) => [user.id, judge(context, user, listening)]));
  // Before the files, without which no container starts.
  await protectTenants(
    context,
    chosen
      .filter(({ id }) => outcomes.get(id) === 'prepared')
      .map((user) => ({ bridge: bridgeName(user.subnet), egress: egressOf(config, user) })),
  );
  return forEachUser(chosen, {
    context,
    parallel: atOnce,
    change: async (one, beside) => {
      const outcome = outcomes.get(one.id) ?? 'unwanted';
      if (outcome !== 'prepared') return { outcome, changed: false };
      const isNews = await withUser(beside, one.id, (user) => prepareUser(beside, user));
      return { outcome, changed: isNews === true };
    },
  });
}

/** Who runs has what they need, and nothing may be made anew under them. Their ports tell. */
function judge(
  { registry, clock }: Context,
  user: User,
  listening: ReadonlySet<number>,
): PrepareResult['users'][number]['outcome'] {
  if (!isWanted(user, clock.now())) return 'unwanted';
  const runs = listServers(registry, user.id).some(({ port }) => listening.has(port));
  return runs ? 'running' : 'prepared';
}

/** True when something was missing. */
async function prepareUser(context: Context, user: User): Promise<boolean> {
  const { registry, config, home, clock } = context;
  if (!isWanted(user, clock.now())) return false;
  const egress = egressOf(config, user);
  requireProtection(context, { egress, explicit: isPromise(egress) });
  let isNews = await remountVolume(context, user);
  // As they were last fetched: before the engine there may be no network.
  const keys = readIssuerKeys(home, config.oidc.issuer);
  const issuer = trustedIssuer({ oidc: config.oidc, keys, user });
  for (const server of listServers(registry, user.id)) {
    const bridge = keptBridge(registry, server.id);
    // It never had a container.
    if (bridge === undefined) continue;
    const unmounted = !existsSync(runtimeFolder(home, registry.instance, server.id));
    const template = await templateOf(context, server);
    const source = { server, template, bridge, unmounted };
    const stale = await writeRuntime(context, { user, issuer }, source);
    isNews ||= unmounted || stale.length > 0;
  }
  return isNews;
}
