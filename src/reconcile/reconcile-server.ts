import { shortSize } from '../policy/bytes.ts';
import type { Limits } from '../policy/limits.ts';
import { isStaged, stagedName, type Chosen } from './choose.ts';
import { serverHash } from './hash.ts';
import { isLost, runs, type ObservedServer } from './observed.ts';
import type { Operation } from './plan.ts';
import type { ServerSpec } from './spec.ts';

export interface DesiredServer {
  readonly spec: ServerSpec;
  readonly running: boolean;
  /** A container that runs has an older run-time folder mounted, which nobody writes to any more. */
  readonly unmounted?: boolean;
}

/** What a server's plan depends on beside its containers. */
interface World {
  /** Keys of servers to stop and start even when nothing else changed. */
  readonly restart?: ReadonlySet<string>;
  /** The network that it is to be connected to; undefined: it is still to be made. */
  readonly networkId: string | undefined;
}

/** What to do with the containers of one server. Pure. */
export function reconcileServer(
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
    const rest = reconcileServer(server, { current: next, next: undefined }, world);
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
  { restart }: Pick<World, 'restart'>,
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
  const swap = current.swaps ? 'on' : 'off';
  const isOnAll = spec.limits.cpuset === null && current.onAllProcessors;
  const limits = isOnAll ? { ...current.limits, cpuset: null } : current.limits;
  const from = { ...inWords(limits), swap, restart: current.restart };
  const to = { ...inWords(spec.limits), swap: 'off', restart: spec.restart };
  const keys = ['memory', 'cpus', 'cpuset', 'pids', 'swap', 'restart'] as const;
  const changed = keys.filter((key) => from[key] !== to[key]);
  return changed.map((key) => `${key} ${from[key]} → ${to[key]}`).join(', ') || undefined;
}

function inWords({ memoryBytes, cpuset, ...limits }: Limits) {
  return { ...limits, cpuset: cpuset ?? 'all', memory: shortSize(memoryBytes) };
}

export function removeServer(server: ObservedServer, cause: string): Operation {
  return {
    type: 'server.remove',
    key: `${server.user}/${server.server}`,
    containerId: server.containerId,
    cause,
  };
}
