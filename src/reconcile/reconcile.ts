import { networkHash, serverHash } from './hash.ts';
import type { Observed, ObservedNetwork, ObservedServer } from './observed.ts';
import type { Operation, Plan } from './plan.ts';
import type { NetworkSpec, ServerSpec } from './spec.ts';

/** What one user should have. No network: nothing is wanted. */
export interface Desired {
  readonly network: NetworkSpec | undefined;
  readonly servers: readonly DesiredServer[];
}

export interface DesiredServer {
  readonly spec: ServerSpec;
  readonly running: boolean;
  /** A container that runs has an older run-time folder mounted, which nobody writes to any more. */
  readonly unmounted?: boolean;
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
  const wanted = new Map(desired.servers.map((server) => [server.spec.serverId, server]));
  const network = chooseNetwork(desired.network, observed.networks);
  const operations: Operation[] = [];

  // A server that is bound to a network about to go must go first.
  const [kept, surplus] = partitionServers(wanted, observed.servers);
  for (const { server, cause } of surplus) operations.push(removeServer(server, cause));
  if (network.stale.length > 0) {
    for (const server of kept.values())
      operations.push(removeServer(server, 'its network is recreated'));
    kept.clear();
  }
  for (const { id, name, cause } of network.stale) {
    operations.push({ type: 'network.remove', id, name, cause });
  }
  if (desired.network && !network.current) {
    const cause = network.stale.length > 0 ? 'recreated with the wanted settings' : 'not found';
    operations.push(createNetwork(desired.network, cause));
  }
  for (const server of desired.servers) {
    const current = kept.get(server.spec.serverId);
    operations.push(...convergeServer(server, current, network.current?.id, options));
  }
  return { operations };
}

/**
 * The operation that a plan for this network begins with, when the engine has nothing of the user yet:
 * one that nothing else of the plan can change, so that it may be begun before the plan is made.
 */
export function firstOperation(network: NetworkSpec, observed: Observed): Operation | undefined {
  const isNew = observed.networks.length === 0 && observed.servers.length === 0;
  return isNew ? createNetwork(network, 'not found') : undefined;
}

function createNetwork(network: NetworkSpec, cause: string): Operation {
  return { type: 'network.create', network, hash: networkHash(network), cause };
}

function convergeServer(
  { spec, running, unmounted = false }: DesiredServer,
  current: ObservedServer | undefined,
  networkId: string | undefined,
  { restart }: ReconcileOptions,
): Operation[] {
  const hash = serverHash(spec);
  const start = (cause: string): Operation[] =>
    running
      ? [{ type: 'server.start', key: spec.key, containerId: spec.containerName, cause }]
      : [];

  if (!current) {
    return [{ type: 'server.create', server: spec, hash, cause: 'not found' }, ...start('created')];
  }
  const { containerId } = current;
  const replaceCause = whyReplace(current, hash, networkId);
  if (replaceCause) {
    const replace: Operation = {
      type: 'server.replace',
      server: spec,
      hash,
      containerId,
      cause: replaceCause,
    };
    return [replace, ...start('replaced')];
  }

  const operations: Operation[] = [];
  const { key, containerName: name, limits, restart: policy } = spec;
  if (current.containerName !== name) {
    const cause = `is called ${current.containerName}`;
    operations.push({ type: 'server.rename', key, containerId, name, cause });
  }
  const changed = describeUpdate(current, spec);
  if (changed) {
    const cause = `${changed}, live`;
    operations.push({ type: 'server.update', key, containerId, limits, restart: policy, cause });
  }
  const isUp = current.state === 'running' || current.state === 'restarting';
  const isAsked = restart?.has(spec.key) ?? false;
  const wantsRestart = isAsked || unmounted;
  const why = isAsked ? 'restart asked for' : 'its run-time folder was gone';
  if (isUp && (!running || wantsRestart)) {
    operations.push({
      type: 'server.stop',
      key: spec.key,
      containerId,
      cause: running ? why : 'should be stopped',
    });
  }
  if (running && (!isUp || wantsRestart)) {
    operations.push({
      type: 'server.start',
      key: spec.key,
      containerId,
      cause: isUp ? why : `is ${current.state}`,
    });
  }
  return operations;
}

function whyReplace(
  current: ObservedServer,
  hash: string,
  networkId: string | undefined,
): string | undefined {
  if (current.state === 'dead' || current.state === 'removing')
    return `container is ${current.state}`;
  if (current.hash !== hash) return 'its settings or image changed';
  if (networkId === undefined || !current.networkIds.includes(networkId)) {
    return 'not connected to its network';
  }
  return undefined;
}

/** What differs that the engine can change under a running container. */
function describeUpdate(current: ObservedServer, spec: ServerSpec): string | undefined {
  const from = { ...current.limits, swap: current.swaps ? 'on' : 'off', restart: current.restart };
  const to = { ...spec.limits, swap: 'off', restart: spec.restart };
  const keys = ['memoryBytes', 'cpus', 'pids', 'swap', 'restart'] as const;
  const changed = keys.filter((key) => from[key] !== to[key]);
  return changed.map((key) => `${key} ${from[key]} → ${to[key]}`).join(', ') || undefined;
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

/** One container per wanted server; the others are surplus: of removed servers, or duplicates. */
function partitionServers(
  wanted: ReadonlyMap<string, DesiredServer>,
  servers: readonly ObservedServer[],
) {
  const kept = new Map<string, ObservedServer>();
  const surplus: { server: ObservedServer; cause: string }[] = [];
  for (const server of servers) {
    if (!wanted.has(server.serverId)) surplus.push({ server, cause: 'not wanted' });
    else if (kept.has(server.serverId)) surplus.push({ server, cause: 'a duplicate' });
    else kept.set(server.serverId, server);
  }
  return [kept, surplus] as const;
}

function removeServer(server: ObservedServer, cause: string): Operation {
  return {
    type: 'server.remove',
    key: `${server.user}/${server.server}`,
    containerId: server.containerId,
    cause,
  };
}
