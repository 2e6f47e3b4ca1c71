import type { Limits } from '../policy/limits.ts';
import type { Server } from '../registry/rows.ts';

/** One look at the engine: everything with our instance label. */
export interface Observed {
  readonly networks: readonly ObservedNetwork[];
  readonly servers: readonly ObservedServer[];
}

export interface ObservedNetwork {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
  readonly user: string;
  readonly hash: string;
  /** Its device on the host. */
  readonly bridge: string;
}

export type ContainerState =
  'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead' | 'removing';

/** Whether a container runs, or is between two attempts at it. */
export function runs({ state }: Pick<ObservedServer, 'state'>): boolean {
  return state === 'running' || state === 'restarting';
}

/** Of servers, those whose container runs though the registry doesn't say that one ever did: a command was killed. */
export function unnoted(servers: readonly Server[], observed: Observed): readonly Server[] {
  const running = new Set(observed.servers.filter(runs).map(({ serverId }) => serverId));
  return servers.filter(({ id, settled }) => !settled && running.has(id));
}

/** Whether it can't be started any more. */
export function isLost({ state }: Pick<ObservedServer, 'state'>): boolean {
  return state === 'dead' || state === 'removing';
}

/** Whether a container has its port, or is about to take it again. */
export function isUp({ state }: Pick<ObservedServer, 'state'>): boolean {
  return runs({ state }) || state === 'paused';
}

/**
 * The container that each server is served by, by the server's id. Of two, while one replaces the other,
 * it is the one that is up, or else the one started last.
 */
export function containersByServer(
  servers: readonly ObservedServer[],
): ReadonlyMap<string, ObservedServer> {
  const rank = (one: ObservedServer) => `${Number(isUp(one))} ${one.startedAt}`;
  const ascending = servers.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return new Map(ascending.map((server) => [server.serverId, server]));
}

export interface ObservedServer {
  readonly containerId: string;
  readonly containerName: string;
  readonly userId: string;
  readonly user: string;
  readonly serverId: string;
  readonly server: string;
  readonly hash: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restarts: number;
  /** ISO 8601, empty when never started. */
  readonly startedAt: string;
  readonly limits: Limits;
  /** It may run on all processors of the engine, whether they are listed or not. */
  readonly onAllProcessors: boolean;
  /** It may use swap beside its memory. */
  readonly swaps: boolean;
  /** Name of the restart policy. */
  readonly restart: string;
  /** Networks it is connected to. */
  readonly networkIds: readonly string[];
}
