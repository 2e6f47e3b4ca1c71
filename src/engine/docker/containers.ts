import { createServer } from 'node:net';
import type Docker from 'dockerode';
import type { Limits } from '../../policy/limits.ts';
import type { ServerSpec } from '../../reconcile/spec.ts';
import type { LostLimit } from '../engine.ts';
import { LimitLostError, PortTakenError } from '../faults.ts';
import { createClaiming, nameClaim } from './conflicts.ts';
import { containerOptions, nanoCpus } from './container-options.ts';
import { hasStatus } from './errors.ts';
import { allProcessors } from './processors.ts';

/**
 * Creates a container, not started, and makes sure that the engine kept its limits. Throws what
 * `createClaiming` throws.
 */
export async function createContainer(
  docker: Docker,
  spec: ServerSpec,
  hash: string,
): Promise<void> {
  const { containerName: name } = spec;
  const byName = nameClaim({
    ...spec,
    kind: 'container',
    name,
    labelsOf: async () => (await docker.getContainer(name).inspect()).Config.Labels,
  });
  const container = await createClaiming({
    name,
    claims: [byName],
    create: () => docker.createContainer(containerOptions(spec, hash)),
  });
  const lost = lostLimits(spec.limits, await container.inspect());
  if (lost.length > 0) {
    await container.remove({ force: true });
    throw new LimitLostError(spec.key, lost);
  }
}

/** Starts a container, or finds it started. Throws PortTakenError when its port can't be published. */
export async function startContainer(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id);
  try {
    await container.start();
  } catch (error) {
    if (hasStatus(error, 304)) return;
    const { State, HostConfig } = await container.inspect();
    if (State.Paused) return container.unpause();
    // Only the answer was lost; the port is held by this very container.
    if (State.Running) return;
    const binding = Object.values(HostConfig.PortBindings as PortBindings)[0]?.[0];
    // The engine says "port taken" only in words, so ask the kernel whether that is what happened.
    if (binding && (await isBound(binding.HostIp ?? '0.0.0.0', Number(binding.HostPort)))) {
      throw new PortTakenError(Number(binding.HostPort), error);
    }
    throw error;
  }
}

/** Stops with SIGTERM, then SIGKILL; a container that is already stopped or gone is fine. */
export async function stopContainer(docker: Docker, id: string): Promise<void> {
  await ignoreStatus(docker.getContainer(id).stop(), 304, 404);
}

export async function removeContainer(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id);
  await stopContainer(docker, id);
  // 409: somebody else is removing it already.
  await ignoreStatus(container.remove({ force: true, v: true }), 404, 409);
  await ignoreStatus(container.wait({ condition: 'removed' }), 404);
}

interface Update extends Pick<ServerSpec, 'key' | 'limits' | 'restart'> {
  readonly id: string;
}

/** Changes limits and the restart policy of a container, running or not, and makes sure that the limits hold. */
export async function updateContainer(
  docker: Docker,
  { key, id, limits, restart }: Update,
): Promise<void> {
  const container = docker.getContainer(id);
  const { HostConfig } = await container.inspect();
  // An engine takes none for what it has, so all are listed.
  const cpuset = limits.cpuset ?? (HostConfig.CpusetCpus ? await allProcessors(docker) : null);
  await container.update({
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    NanoCpus: nanoCpus(limits.cpus),
    CpusetCpus: cpuset ?? '',
    PidsLimit: limits.pids,
    RestartPolicy: { Name: restart },
  });
  const lost = lostLimits({ ...limits, cpuset }, await container.inspect());
  if (lost.length > 0) throw new LimitLostError(key, lost);
}

/** Gives a container another name. Throws ConflictError when somebody else has it. */
export async function renameContainer(docker: Docker, id: string, name: string): Promise<void> {
  await docker.getContainer(id).rename({ name });
}

type PortBindings = Record<string, { HostIp?: string; HostPort: string }[] | undefined>;

// The engine drops what the kernel can't enforce with only a warning, so read back what it kept.
function lostLimits(asked: Limits, { HostConfig }: Docker.ContainerInspectInfo): LostLimit[] {
  const got: Limits = limitsOf(HostConfig);
  const lost: LostLimit[] = (['memoryBytes', 'cpus', 'pids', 'cpuset'] as const)
    .filter((limit) => asked[limit] !== got[limit])
    .map((limit) => ({ limit, asked: asked[limit], got: got[limit] }));
  if (HostConfig.MemorySwap !== asked.memoryBytes) {
    lost.push({ limit: 'memoryBytes', asked: asked.memoryBytes, got: HostConfig.MemorySwap ?? 0 });
  }
  return lost;
}

export function limitsOf(config: Docker.HostConfig): Limits {
  return {
    memoryBytes: config.Memory ?? 0,
    cpus: (config.NanoCpus ?? 0) / 1e9,
    pids: config.PidsLimit ?? 0,
    cpuset: config.CpusetCpus || null,
  };
}

function isBound(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}

async function ignoreStatus(call: Promise<unknown>, ...statuses: number[]): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!hasStatus(error, ...statuses)) throw error;
  }
}
