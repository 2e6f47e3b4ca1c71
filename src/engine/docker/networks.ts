import type Docker from 'dockerode';
import type { NetworkSpec } from '../../reconcile/spec.ts';
import { SubnetTakenError } from '../faults.ts';
import { labels } from '../labels.ts';
import { createNamed } from './conflicts.ts';
import { hasStatus } from './errors.ts';

/** Creates one user's bridge network on its own subnet. Throws SubnetTakenError on an overlap, and what `createNamed` throws. */
export async function createNetwork(
  docker: Docker,
  spec: NetworkSpec,
  hash: string,
): Promise<void> {
  try {
    await createNamed({
      ...spec,
      kind: 'network',
      create: () => docker.createNetwork(networkOptions(spec, hash)),
      labelsOf: async () =>
        ((await docker.getNetwork(spec.name).inspect()) as Docker.NetworkInspectInfo).Labels,
    });
  } catch (error) {
    if (hasStatus(error, 403)) throw new SubnetTakenError(spec.subnet, error);
    throw error;
  }
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
  const networks = await docker.listNetworks(until);
  return networks
    .flatMap((network) => network.IPAM?.Config ?? [])
    .flatMap((config) => (config.Subnet?.includes('.') ? [config.Subnet] : []));
}
