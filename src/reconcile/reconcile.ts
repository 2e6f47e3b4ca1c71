import { chooseContainers, isStaged, stagedName, type Chosen } from './choose.ts';
import { networkHash, serverHash } from './hash.ts';
import {
  isLost,
  runs,
  type Observed,
  type ObservedNetwork,
  type ObservedServer,
} from './observed.ts';
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
    operations.push(...convergeServer(server, chosen, world));
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

interface World extends ReconcileOptions {
  /** Undefined: it is still to be made. */
  readonly networkId: string | undefined;
}

function convergeServer(
  server: DesiredServer,
  { current, next }: Pick<Chosen, 'current' | 'next'>,
  world: World,
): Operation[] {
  const { spec, running } = server;
  const hash = serverHash(spec);
  const { key, containerName } = spec;
  const start = (cause: string): Operation[] =>
    running ? [{ type: 'server.start', key, containerId: containerName, cause }] : [];

  if (!current) {
    return [{ type: 'server.create', server: spec, hash, cause: 'not found' }, ...start('created')];
  }
  if (next && running) return takeOver(spec, current, next);
  if (next) {
    const rest = convergeServer(server, { current: next, next: undefined }, world);
    return [removeServer(current, 'replaced'), ...rest];
  }
  const { containerId } = current;
  const why = whyReplace(current, { spec, hash, networkId: world.networkId });
  if (why && running && why.isWorthKeeping) {
    const staged = stagedName(containerName);
    return [
      ...(isStaged(current) ? rename(current, spec) : []),
      { type: 'server.stage', server: spec, hash, staged, cause: why.cause },
      ...takeOver(spec, current, undefined),
    ];
  }
  if (why) {
    const { cause } = why;
    const replace: Operation = { type: 'server.replace', server: spec, hash, containerId, cause };
    return [replace, ...start('replaced')];
  }
  return [...rename(current, spec), ...update(current, spec), ...run(server, current, world)];
}

/** From one container to the one that was made to follow it, which may be up already. */
function takeOver(
  { key, containerName: name }: ServerSpec,
  { containerId }: ObservedServer,
  next: ObservedServer | undefined,
): Operation[] {
  const staged = next?.containerId ?? stagedName(name);
  const swap: Operation = {
    type: 'server.swap',
    key,
    containerId,
    staged,
    cause: 'the new one is made',
  };
  const commit: Operation = {
    type: 'server.commit',
    key,
    containerId,
    staged,
    name,
    cause: 'once it is ready; else the one of before comes back',
  };
  return next && runs(next) ? [commit] : [swap, commit];
}

function rename({ containerId, containerName }: ObservedServer, spec: ServerSpec): Operation[] {
  const { key, containerName: name } = spec;
  if (containerName === name) return [];
  return [{ type: 'server.rename', key, containerId, name, cause: `is called ${containerName}` }];
}

function update(current: ObservedServer, spec: ServerSpec): Operation[] {
  const changed = describeUpdate(current, spec);
  if (changed === undefined) return [];
  const { key, limits, restart } = spec;
  const { containerId } = current;
  return [{ type: 'server.update', key, containerId, limits, restart, cause: `${changed}, live` }];
}

/** Starts, stops or restarts. */
function run(
  { spec: { key }, running, unmounted = false }: DesiredServer,
  { containerId, state }: ObservedServer,
  { restart }: ReconcileOptions,
): Operation[] {
  const operations: Operation[] = [];
  const isRunning = runs({ state });
  const isAsked = restart?.has(key) ?? false;
  const wantsRestart = isAsked || unmounted;
  const why = isAsked ? 'restart asked for' : 'its run-time folder was gone';
  if (isRunning && (!running || wantsRestart)) {
    operations.push({
      type: 'server.stop',
      key,
      containerId,
      cause: running ? why : 'should be stopped',
    });
  }
  if (running && (!isRunning || wantsRestart)) {
    operations.push({
      type: 'server.start',
      key,
      containerId,
      cause: isRunning ? why : `is ${state}`,
    });
  }
  return operations;
}

interface Wanted {
  readonly spec: ServerSpec;
  readonly hash: string;
  readonly networkId: string | undefined;
}

/** `isWorthKeeping`: the container could be started again, should the new one not get ready. */
function whyReplace(
  { state, hash, image, networkIds }: ObservedServer,
  wanted: Wanted,
): { readonly cause: string; readonly isWorthKeeping: boolean } | undefined {
  const { networkId } = wanted;
  if (isLost({ state })) {
    return { cause: `container is ${state}`, isWorthKeeping: false };
  }
  const isConnected = networkId !== undefined && networkIds.includes(networkId);
  if (hash !== wanted.hash) {
    const cause = image === wanted.spec.image ? 'its settings changed' : 'its image changed';
    const ran = state === 'running' || state === 'paused' || state === 'exited';
    return { cause, isWorthKeeping: isConnected && ran };
  }
  return isConnected ? undefined : { cause: 'not connected to its network', isWorthKeeping: false };
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

function removeServer(server: ObservedServer, cause: string): Operation {
  return {
    type: 'server.remove',
    key: `${server.user}/${server.server}`,
    containerId: server.containerId,
    cause,
  };
}
