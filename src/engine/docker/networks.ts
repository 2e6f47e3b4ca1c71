import type Docker from 'dockerode';
import type { NetworkSpec } from '../../reconcile/spec.ts';
import { rangesOverlap } from '../../registry/cidr.ts';
import { SubnetTakenError } from '../faults.ts';
import { labels } from '../labels.ts';
import { createClaiming, nameClaim, type Claim } from './conflicts.ts';
import { hasStatus } from './errors.ts';

/**
 * Creates one user's bridge network on its own subnet. Throws SubnetTakenError on an overlap, and what
 * `createClaiming` throws.
 */
export async function createNetwork(
  docker: Docker,
  spec: NetworkSpec,
  hash: string,
): Promise<void> {
  const byName = nameClaim({
    ...spec,
    kind: 'network',
    labelsOf: async () =>
      ((await docker.getNetwork(spec.name).inspect()) as Docker.NetworkInspectInfo).Labels,
  });
  const bySubnet: Claim = {
    status: 403,
    holder: () => labelsOfOverlapping(docker, spec.subnet),
    isOurs: (found) => found[labels.userId] === spec.userId,
    taken: (cause) => new SubnetTakenError(spec.subnet, cause),
  };
  await createClaiming({
    name: spec.name,
    claims: [byName, bySubnet],
    create: () => docker.createNetwork(networkOptions(spec, hash)),
  });
}

async function labelsOfOverlapping(docker: Docker, subnet: string) {
  const networks = await docker.listNetworks();
  const found = networks.find((network) =>
    subnetsOf(network).some((other) => rangesOverlap(other, subnet)),
  );
  return found && (found.Labels ?? {});
}

function networkOptions(spec: NetworkSpec, hash: string): Docker.NetworkCreateOptions {
  return {
    Name: spec.name,
    Driver: 'bridge',
    CheckDuplicate: true,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Config: [{ Subnet: spec.subnet }] },
    Options: { 'com.docker.network.bridge.name': spec.bridge },
    Labels: {
      [labels.instance]: spec.instance,
      [labels.user]: spec.user,
      [labels.userId]: spec.userId,
      [labels.hash]: hash,
      ...(spec.runId === undefined ? {} : { [labels.run]: spec.runId }),
    },
  };
}

export async function removeNetwork(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getNetwork(id).remove();
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/** Subnets of every network, ours or not, as CIDR. */
export async function allSubnets(docker: Docker, until: object): Promise<string[]> {
  return (await docker.listNetworks(until)).flatMap(subnetsOf);
}

function subnetsOf({ IPAM }: Docker.NetworkInspectInfo): string[] {
  const configs = IPAM?.Config ?? [];
  return configs.flatMap(({ Subnet }) => (Subnet?.includes('.') ? [Subnet] : []));
}
