import type { Limits } from '../policy/limits.ts';

/** One user's network, as it should be. */
export interface NetworkSpec {
  readonly name: string;
  readonly instance: string;
  readonly userId: string;
  readonly user: string;
  /** IPv4 CIDR. */
  readonly subnet: string;
  /** Linux bridge device, at most 15 characters, unique on the host. */
  readonly bridge: string;
  /** Of users who were made with one. */
  readonly runId?: string;
}

export interface MountSpec {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** One server's container, as it should be. */
export interface ServerSpec {
  /** `bob/filesystem` */
  readonly key: string;
  readonly containerName: string;
  readonly instance: string;
  readonly userId: string;
  readonly user: string;
  readonly serverId: string;
  readonly server: string;
  readonly template: string;
  /** Image id (`sha256:…`). */
  readonly image: string;
  /** `uid:gid` that the container starts as: `0:0`, or the caller's when mcpd is not root. */
  readonly runAs: string;
  /** Capabilities the bridge keeps to switch to the tenant's uid; none when not root. */
  readonly capabilities: readonly string[];
  readonly network: string;
  readonly bindAddress: string;
  readonly port: number;
  readonly containerPort: number;
  readonly limits: Limits;
  readonly tmpBytes: number;
  readonly openFiles: number;
  readonly mounts: readonly MountSpec[];
  /** Digest of the bridge's settings, which it reads once at its start. */
  readonly settings: string;
  readonly restart: 'unless-stopped' | 'no';
  /** Resolver of the container; empty: the engine's. */
  readonly dns: readonly string[];
  /** ISO 8601, for ephemeral tenants. */
  readonly expires?: string;
  /** Of users who were made with one. */
  readonly runId?: string;
}
