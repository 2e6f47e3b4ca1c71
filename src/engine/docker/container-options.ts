import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type { ServerSpec } from '../../reconcile/spec.ts';
import { labels } from '../labels.ts';

/** The engine's own form of a server's spec: every right that is not needed is taken away. */
export function containerOptions(spec: ServerSpec, hash: string): ContainerCreateOptions {
  const containerPort = `${spec.containerPort}/tcp`;
  return {
    name: spec.containerName,
    Hostname: spec.server,
    Image: spec.image,
    User: spec.runAs,
    // The bridge can't enter the tenant's folder by itself; the servers it starts inherit this one.
    WorkingDir: '/workspace',
    Labels: {
      [labels.instance]: spec.instance,
      [labels.user]: spec.user,
      [labels.userId]: spec.userId,
      [labels.server]: spec.server,
      [labels.serverId]: spec.serverId,
      [labels.template]: spec.template,
      [labels.hash]: hash,
      ...(spec.expires === undefined ? {} : { [labels.expires]: spec.expires }),
      ...(spec.runId === undefined ? {} : { [labels.run]: spec.runId }),
    },
    ExposedPorts: { [containerPort]: {} },
    StopSignal: 'SIGTERM',
    StopTimeout: 10,
    HostConfig: hostConfig(spec),
  };
}

// The published types lack CgroupnsMode, API 1.41.
function hostConfig(spec: ServerSpec): HostConfig & { CgroupnsMode: 'private' } {
  const containerPort = `${spec.containerPort}/tcp`;
  return {
    CapDrop: ['ALL'],
    CapAdd: [...spec.capabilities],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    Init: true,
    IpcMode: 'private',
    CgroupnsMode: 'private',
    Tmpfs: { '/tmp': `rw,noexec,nosuid,nodev,mode=1777,size=${spec.tmpBytes}` },
    // `Mounts`, never `Binds`: a missing source fails the start instead of being created empty.
    Mounts: spec.mounts.map((mount) => ({
      Type: 'bind',
      Source: mount.source,
      Target: mount.target,
      ReadOnly: mount.readOnly,
      BindOptions: { Propagation: 'rprivate' },
    })),
    Memory: spec.limits.memoryBytes,
    // Equal to Memory: no swap. Unset would mean twice the memory.
    MemorySwap: spec.limits.memoryBytes,
    NanoCpus: nanoCpus(spec.limits.cpus),
    // Empty: all.
    CpusetCpus: spec.limits.cpuset ?? '',
    PidsLimit: spec.limits.pids,
    Ulimits: [
      { Name: 'nofile', Soft: spec.openFiles, Hard: spec.openFiles },
      { Name: 'core', Soft: 0, Hard: 0 },
    ],
    // Under host-wide memory pressure tenants go before the host's own services.
    OomScoreAdj: 500,
    RestartPolicy: { Name: spec.restart },
    LogConfig: { Type: 'local', Config: { 'max-size': '5m', 'max-file': '3' } },
    NetworkMode: spec.network,
    PortBindings: {
      [containerPort]: [{ HostIp: spec.bindAddress, HostPort: String(spec.port) }],
    },
    Dns: [...spec.dns],
  };
}

/** CPUs in the engine's unit, billionths. */
export function nanoCpus(cpus: number): number {
  return Math.round(cpus * 1e9);
}
