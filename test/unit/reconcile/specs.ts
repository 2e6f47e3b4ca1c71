import { networkHash, serverHash } from '../../../src/reconcile/hash.ts';
import type { ObservedNetwork, ObservedServer } from '../../../src/reconcile/observed.ts';
import type { NetworkSpec, ServerSpec } from '../../../src/reconcile/spec.ts';

export const network: NetworkSpec = {
  name: 'mcpd-bob',
  instance: 'i1',
  userId: 'u1',
  user: 'bob',
  subnet: '10.200.0.0/28',
  bridge: 'mcpd-0ac80000',
};

export function serverSpec(name: string, change: Partial<ServerSpec> = {}): ServerSpec {
  return {
    key: `bob/${name}`,
    containerName: `mcpd-bob-${name}`,
    instance: 'i1',
    userId: 'u1',
    user: 'bob',
    serverId: `s-${name}`,
    server: name,
    template: name,
    image: 'sha256:aaa',
    runAs: '0:0',
    capabilities: ['SETUID', 'SETGID', 'KILL'],
    network: 'mcpd-bob',
    bindAddress: '127.0.0.1',
    port: 20000,
    containerPort: 8080,
    limits: { memoryBytes: 512, cpus: 1, pids: 256, cpuset: null },
    tmpBytes: 64,
    openFiles: 4096,
    mounts: [],
    settings: 'x',
    restart: 'unless-stopped',
    dns: [],
    ...change,
  };
}

export function observedNetwork(change: Partial<ObservedNetwork> = {}): ObservedNetwork {
  return {
    id: 'n1',
    name: 'mcpd-bob',
    userId: 'u1',
    user: 'bob',
    hash: networkHash(network),
    bridge: network.bridge,
    ...change,
  };
}

/** The container that `spec` would make, running on network n1. */
export function observedServer(
  spec: ServerSpec,
  change: Partial<ObservedServer> = {},
): ObservedServer {
  return {
    containerId: `c-${spec.server}`,
    containerName: spec.containerName,
    userId: spec.userId,
    user: spec.user,
    serverId: spec.serverId,
    server: spec.server,
    hash: serverHash(spec),
    image: spec.image,
    state: 'running',
    exitCode: 0,
    oomKilled: false,
    restarts: 0,
    startedAt: '2026-01-01T00:00:00Z',
    limits: spec.limits,
    onAllProcessors: spec.limits.cpuset === null,
    swaps: false,
    restart: spec.restart,
    networkIds: ['n1'],
    ...change,
  };
}
