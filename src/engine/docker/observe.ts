import type Docker from 'dockerode';
import type {
  ContainerState,
  Observed,
  ObservedNetwork,
  ObservedServer,
} from '../../reconcile/observed.ts';
import { labels } from '../labels.ts';
import { limitsOf } from './containers.ts';
import { hasStatus } from './errors.ts';
import { askEach, within } from './patience.ts';
import { allProcessors } from './processors.ts';

/** More at once make an engine no faster. */
const atOnce = 16;

interface Scope {
  readonly instance: string;
  readonly userId?: string;
}

/** Everything with our instance label, of one user or of all: one listing call per kind of object. */
export async function observe(
  docker: Docker,
  { instance, userId }: Scope,
  answerMs: number,
): Promise<Observed> {
  const filters = {
    label: [
      `${labels.instance}=${instance}`,
      ...(userId === undefined ? [] : [`${labels.userId}=${userId}`]),
    ],
  };
  const [networks, containers] = await Promise.all([
    within(answerMs, (until) => docker.listNetworks({ filters, ...until })),
    within(answerMs, (until) => docker.listContainers({ all: true, filters, ...until })),
  ]);
  const idOf = new Map(networks.map(({ Name, Id }) => [Name, Id]));
  const answers = await askEach(containers, atOnce, ({ Id }) =>
    within(answerMs, (until) => inspect(docker.getContainer(Id), until)),
  );
  const infos = answers.filter((info) => info !== undefined);
  // Asked for only where a container lists some.
  const processors = infos.some(({ HostConfig }) => HostConfig.CpusetCpus)
    ? await within(answerMs, (until) => allProcessors(docker, until))
    : '';
  return {
    networks: networks.map(observedNetwork),
    servers: infos.map((info) => observedServer(info, idOf, processors)),
  };
}

function observedNetwork(network: Docker.NetworkInspectInfo): ObservedNetwork {
  return {
    id: network.Id,
    name: network.Name,
    userId: network.Labels?.[labels.userId] ?? '',
    user: network.Labels?.[labels.user] ?? '',
    hash: network.Labels?.[labels.hash] ?? '',
    bridge: network.Options?.['com.docker.network.bridge.name'] ?? '',
  };
}

// Limits and restarts are only in the full record. A container that went meanwhile is not there.
async function inspect(
  container: Docker.Container,
  until: object,
): Promise<Docker.ContainerInspectInfo | undefined> {
  try {
    return await container.inspect(until);
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

function observedServer(
  info: Docker.ContainerInspectInfo,
  networkIdOf: ReadonlyMap<string, string>,
  processors: string,
): ObservedServer {
  const limits = limitsOf(info.HostConfig);
  const label = (name: string) => info.Config.Labels[name] ?? '';
  return {
    containerId: info.Id,
    containerName: info.Name.replace(/^\//, ''),
    userId: label(labels.userId),
    user: label(labels.user),
    serverId: label(labels.serverId),
    server: label(labels.server),
    hash: label(labels.hash),
    image: info.Image,
    state: info.State.Status as ContainerState,
    exitCode: info.State.ExitCode,
    oomKilled: info.State.OOMKilled,
    restarts: info.RestartCount,
    startedAt: info.State.StartedAt.startsWith('0001') ? '' : info.State.StartedAt,
    limits,
    onAllProcessors: limits.cpuset === null || limits.cpuset === processors,
    swaps: info.HostConfig.MemorySwap !== info.HostConfig.Memory,
    restart: info.HostConfig.RestartPolicy?.Name ?? '',
    networkIds: Object.entries(info.NetworkSettings.Networks)
      // A container that has never run knows its network only by name.
      .map(([name, network]) => network.NetworkID || (networkIdOf.get(name) ?? ''))
      .filter((networkId) => networkId !== ''),
  };
}
