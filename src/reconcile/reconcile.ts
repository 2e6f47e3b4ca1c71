import { chooseContainers } from './choose.ts';
import { networkHash, serverHash } from './hash.ts';
import type { Observed, ObservedNetwork } from './observed.ts';
import type { Operation, Plan } from './plan.ts';
import { reconcileServer, removeServer, type DesiredServer } from './reconcile-server.ts';
import type { NetworkSpec } from './spec.ts';

/** What one user should have. No network: nothing is wanted. */
export interface Desired {
  readonly network: NetworkSpec | undefined;
  readonly servers: readonly DesiredServer[];
}

export interface ReconcileOptions {
  /** Keys of servers to stop and start even when nothing else changed. */
  readonly restart?: ReadonlySet<string>;
}

/** Compares what one user should have with what the engine has, and says what to do. Pure. */
export function reconcile(
  desired: Desired,
  observed: Observed,
  options: ReconcileOptions = {},
): Plan {
  const containers = Map.groupBy(observed.servers, ({ serverId }) => serverId);
  const network = chooseNetwork(desired.network, observed.networks);
  const isKept = network.stale.length === 0;
  const operations: Operation[] = [];

  const ids = new Set(desired.servers.map(({ spec }) => spec.serverId));
  for (const server of observed.servers) {
    if (!ids.has(server.serverId)) operations.push(removeServer(server, 'not wanted'));
    // A server that is bound to a network about to go must go first.
    else if (!isKept) operations.push(removeServer(server, 'its network is recreated'));
  }
  for (const { id, name, cause } of network.stale) {
    operations.push({ type: 'network.remove', id, name, cause });
  }
  if (desired.network && !network.current) {
    const cause = network.stale.length > 0 ? 'recreated with the wanted settings' : 'not found';
    operations.push(createNetwork(desired.network, cause));
  }
  for (const server of desired.servers) {
    const own = isKept ? (containers.get(server.spec.serverId) ?? []) : [];
    const chosen = chooseContainers(serverHash(server.spec), own);
    for (const one of chosen.surplus) operations.push(removeServer(one.server, one.cause));
    const world = { ...options, networkId: network.current?.id };
    operations.push(...reconcileServer(server, chosen, world));
  }
  return { operations };
}

/**
 * The creation of this network, when the engine has none of the user's: nothing else of the plan can
 * change it, so it may be begun before the plan is made.
 */
export function firstOperation(network: NetworkSpec, observed: Observed): Operation | undefined {
  return observed.networks.length === 0 ? createNetwork(network, 'not found') : undefined;
}

function createNetwork(network: NetworkSpec, cause: string): Operation {
  return { type: 'network.create', network, hash: networkHash(network), cause };
}

/** The one network to keep, and every other one of this user's. */
function chooseNetwork(wanted: NetworkSpec | undefined, networks: readonly ObservedNetwork[]) {
  const hash = wanted ? networkHash(wanted) : undefined;
  // An engine renames no network, and servers find theirs by its name.
  const isCurrent = ({ hash: has, name }: ObservedNetwork) => has === hash && name === wanted?.name;
  const current = networks.find(isCurrent);
  const whyStale = (network: ObservedNetwork) => {
    if (!wanted) return 'not wanted';
    if (current) return 'a duplicate';
    return network.hash === hash ? 'its user has another name' : 'its settings changed';
  };
  const stale = networks
    .filter((network) => network !== current)
    .map((network) => ({ ...network, cause: whyStale(network) }));
  return { current, stale };
}
