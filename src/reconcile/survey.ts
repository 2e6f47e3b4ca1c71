import { existsSync } from 'node:fs';
import type { Context } from '../context.ts';
import { bridgeName } from '../firewall/bridge.ts';
import { readTable, type Table } from '../firewall/drift.ts';
import { systemNft } from '../firewall/nft.ts';
import { enforcement, isPromise, previewProtection } from '../firewall/protect.ts';
import type { IssuerKeys } from '../oidc/keys.ts';
import { egressOf } from '../policy/of-user.ts';
import type { Server, User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { listUnproven } from '../registry/versions.ts';
import { previewVolume } from '../storage/settle.ts';
import { isWanted, userFolder } from './desired.ts';
import { previewSources, type Sources } from './inputs.ts';
import { isUp, unnoted, type Observed } from './observed.ts';
import { planUser } from './plan-user.ts';
import { previewServers } from './prepare.ts';
import { toRows, type Row } from './rows.ts';

/** What is to be done for one user. */
export interface Outlook {
  readonly operations: readonly Row[];
  /**
   * Somebody has to see to it: a container is between two attempts, or runs and nobody noted that; or
   * taking down who is not wanted was not finished, since their run-time folder goes last.
   */
  readonly restless: boolean;
  /** A server runs that was never seen ready, since the command that started it was killed or did not wait. */
  readonly unproven: boolean;
}

/**
 * What there is to do for users, and why, from one look at everything: the engine, the firewall's table,
 * run-time files, mounts. Changes nothing. In the order of the users, each what is to be done, or what
 * stood in the way of knowing it.
 */
export async function surveyUsers(
  context: Context,
  users: readonly User[],
  keys: IssuerKeys | undefined,
): Promise<readonly PromiseSettledResult<Outlook>[]> {
  const { registry } = context;
  const engine = await context.engine();
  const [only, ...others] = users;
  const scope = only && others.length === 0 ? { userId: only.id } : {};
  const [{ networks, servers }, table] = await Promise.all([
    engine.observe({ instance: registry.instance, ...scope }),
    enforcement(context).enforced ? readTable(systemNft(context.env)) : undefined,
  ]);
  const unproven = listUnproven(registry);
  const shared = { table, keys, unproven, sources: previewSources(context, engine) };
  const networksOf = Map.groupBy(networks, ({ userId }) => userId);
  const containersOf = Map.groupBy(servers, ({ userId }) => userId);
  const serversOf = Map.groupBy(listServers(registry), ({ userId }) => userId);
  const outlooks = users.map((user) =>
    outlook(context, {
      ...shared,
      user,
      servers: serversOf.get(user.id) ?? [],
      observed: {
        networks: networksOf.get(user.id) ?? [],
        servers: containersOf.get(user.id) ?? [],
      },
    }),
  );
  return Promise.allSettled(outlooks);
}

interface Scene {
  readonly user: User;
  readonly servers: readonly Server[];
  readonly observed: Observed;
  /** Undefined: there is none, or none is wanted. */
  readonly table: Table | undefined;
  readonly keys: IssuerKeys | undefined;
  readonly unproven: ReadonlySet<string>;
  readonly sources: Sources;
}

async function outlook(
  context: Context,
  { user, servers, observed, table, keys, unproven, sources }: Scene,
): Promise<Outlook> {
  const wanted = isWanted(user, context.clock.now());
  const egress = egressOf(context.config, user);
  const [inputs, moved, unprotected] = wanted
    ? await Promise.all([
        previewServers(context, { sources, keys }, { user, servers }),
        previewVolume(context, user),
        previewProtection(context, table, {
          bridge: bridgeName(user.subnet),
          egress,
          explicit: isPromise(egress),
        }),
      ])
    : [[], [], undefined];
  const plan = planUser(context, { user, inputs, observed, restart: undefined });
  return {
    operations: toRows({ user: user.name, observed, moved, unprotected, inputs, plan }),
    restless:
      observed.servers.some(({ state }) => state === 'restarting') ||
      unnoted(servers, observed).length > 0 ||
      (!wanted && existsSync(userFolder(context.home, context.registry.instance, user.id))),
    unproven: wanted && observed.servers.some((one) => isUp(one) && unproven.has(one.serverId)),
  };
}
