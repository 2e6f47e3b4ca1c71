import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { userMount, type BridgeConfig } from '../bridge/config.ts';
import { bridgeName } from '../firewall/bridge.ts';
import type { Home } from '../config/home.ts';
import type { HostConfig } from '../config/schema.ts';
import { bridgePort } from '../policy/ports.ts';
import type { Limits } from '../policy/limits.ts';
import { egressOf } from '../policy/of-user.ts';
import type { Server, User } from '../registry/rows.ts';
import type { Template } from '../templates/schema.ts';
import type { Desired } from './reconcile.ts';
import type { DesiredServer } from './reconcile-server.ts';
import type { MountSpec, NetworkSpec, ServerSpec } from './spec.ts';

/** A user's server with everything that its container is made from. */
export interface ServerInputs {
  readonly server: Server;
  readonly template: Template;
  /** Image id (`sha256:…`). */
  readonly image: string;
  readonly bridge: BridgeConfig;
  /** As the engine can keep them. */
  readonly limits: Limits;
  /** Its run-time folder is not there: what its container has mounted, if it runs, is no longer ours. */
  readonly unmounted: boolean;
  /** Names of its run-time files that were not what the registry says. */
  readonly stale: readonly string[];
  /** What its bridge was told until now; undefined: nothing, or it is still told the same. */
  readonly bridgeBefore?: BridgeConfig | undefined;
}

export interface DesiredInput {
  readonly user: User;
  readonly servers: readonly ServerInputs[];
  readonly config: HostConfig;
  readonly home: Home;
  readonly instance: string;
  /** True when mcpd is root: two uids in each container. */
  readonly privileged: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What one user should have on the engine. Pure. */
export function desiredState(input: DesiredInput): Desired {
  if (!isWanted(input.user, input.now)) return { network: undefined, servers: [] };
  return {
    network: networkSpec(input),
    servers: input.servers.map((inputs) => desiredServer(input, inputs)),
  };
}

/** False after `down` and past the user's expiry. */
export function isWanted(user: User, now: number): boolean {
  return !user.down && (user.expiresAt === null || user.expiresAt > now);
}

/** Prefix of object names: people read them, identity is the labels. */
export function objectPrefix(home: Home, instance: string): string {
  return home.isDefault ? 'mcpd' : `mcpd-${instance}`;
}

/** Where run-time material of this home is. */
export function instanceFolder(home: Home, instance: string): string {
  return join(home.runtime, instance);
}

/** Run-time folder of one server on the host. */
export function runtimeFolder(home: Home, instance: string, serverId: string): string {
  return join(home.runtime, instance, serverId);
}

/** What all bridges of one user share: what they count together. It is beside the servers' folders. */
export function userFolder(home: Home, instance: string, userId: string): string {
  return join(home.runtime, instance, userId);
}

/** What only the command of `mcpd run` gets: no container mounts it. */
export function runFolder(home: Home, instance: string, userId: string): string {
  return join(instanceFolder(home, instance), `run-${userId}`);
}

export function networkSpec({
  user,
  home,
  instance,
}: Pick<DesiredInput, 'user' | 'home' | 'instance'>): NetworkSpec {
  return {
    name: `${objectPrefix(home, instance)}-${user.name}`,
    instance,
    userId: user.id,
    user: user.name,
    subnet: user.subnet,
    bridge: bridgeName(user.subnet),
    ...(user.runId === null ? {} : { runId: user.runId }),
  };
}

function desiredServer(input: DesiredInput, inputs: ServerInputs): DesiredServer {
  const { user, config, home, instance, privileged } = input;
  const { server, template, image, bridge, limits, unmounted } = inputs;
  const prefix = objectPrefix(home, instance);
  const spec: ServerSpec = {
    key: `${user.name}/${server.name}`,
    containerName: `${prefix}-${user.name}-${server.name}`,
    instance,
    userId: user.id,
    user: user.name,
    serverId: server.id,
    server: server.name,
    template: template.name,
    image,
    runAs: privileged ? '0:0' : `${user.uid}:${user.gid}`,
    capabilities: privileged ? ['SETUID', 'SETGID', 'KILL'] : [],
    network: `${prefix}-${user.name}`,
    bindAddress: config.bindAddress,
    port: server.port,
    containerPort: bridgePort,
    limits,
    tmpBytes: config.limits.tmp,
    openFiles: config.limits.openFiles,
    mounts: mounts(input, server),
    settings: settingsDigest(bridge),
    restart: user.expiresAt === null ? 'unless-stopped' : 'no',
    // Docker's own resolver may ask on the host's behalf, past the firewall: leave it nobody to ask.
    dns: egressOf(config, user).profile === 'none' ? ['240.0.0.1'] : [],
    ...(user.expiresAt === null ? {} : { expires: new Date(user.expiresAt).toISOString() }),
    ...(user.runId === null ? {} : { runId: user.runId }),
  };
  return { spec, running: server.desired === 'running', unmounted };
}

function mounts({ user, home, instance }: DesiredInput, server: Server): MountSpec[] {
  return [
    { source: user.workspace, target: '/workspace', readOnly: false },
    { source: runtimeFolder(home, instance, server.id), target: '/run/mcpd', readOnly: true },
    { source: userFolder(home, instance, user.id), target: userMount, readOnly: false },
    { source: logFolder(home, user.id, server.id), target: '/var/log/mcpd', readOnly: false },
  ];
}

/** Where a server's bridge keeps its own records; the tenant's uid can't read it. */
export function logFolder(home: Home, userId: string, serverId: string): string {
  return join(home.users, userId, 'logs', serverId);
}

// The memory cap is in the bridge's settings only for its messages, and changes live.
function settingsDigest({ memoryBytes: _live, ...settings }: BridgeConfig): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}
