import type { Limits } from '../policy/limits.ts';

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
  /** It may use swap beside its memory. */
  readonly swaps: boolean;
  /** Name of the restart policy. */
  readonly restart: string;
  /** Networks it is connected to. */
  readonly networkIds: readonly string[];
}
