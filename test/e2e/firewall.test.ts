import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { systemNft } from '../../src/firewall/nft.ts';
import { protectTenant, unprotectTenant } from '../../src/firewall/protect.ts';
import { firewallState } from '../../src/firewall/state.ts';
import type { Egress } from '../../src/policy/egress.ts';
import { far, startFarHosts, type FarHosts } from './far-hosts.ts';
import { importNodeImage, probeAgent } from './probe-image.ts';

interface Tenant {
  readonly network: Docker.Network;
  readonly container: Docker.Container;
  readonly bridge: string;
  readonly gateway: string;
  readonly address: string;
  /** Published on every address of this host. */
  readonly openPort: number;
  readonly probe: (path: string) => Promise<string>;
}

const host = { uid: 0, config: { firewall: 'auto' } } as const;
const docker = new Docker();
const run = randomBytes(4).toString('hex');
const subnetByte = randomInt(0, 256);
const stack = new AsyncDisposableStack();
let farHosts: FarHosts;
let image: string;
let hostService: Server;
let bob: Tenant;
let alice: Tenant;

beforeAll(async () => {
  farHosts = stack.use(await startFarHosts());
  image = await importNodeImage(docker);
  stack.defer(() => docker.getImage(image).remove({ force: true }));
  hostService = createServer((socket) => socket.on('error', () => undefined).end());
  hostService.listen(0, '0.0.0.0');
  await once(hostService, 'listening');
  stack.defer(() => void hostService.close());
  bob = await startTenant('bob', 0);
  alice = await startTenant('alice', 1);
  await protect(alice, { profile: 'public' });
}, 180_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

interface TenantOptions {
  /** Device of the network; one of another name is nobody's tenant. */
  readonly device?: string;
}

async function startTenant(
  name: string,
  index: number,
  { device }: TenantOptions = {},
): Promise<Tenant> {
  const [network24, start] = [`10.251.${subnetByte}`, index * 16];
  const subnet = `${network24}.${start}/28`;
  const bridge = device ?? bridgeName(subnet);
  const network = await docker.createNetwork({
    Name: `mcpd-fw-${run}-${name}`,
    Labels: { 'mcpd.test': run },
    IPAM: { Config: [{ Subnet: subnet }] },
    Options: { 'com.docker.network.bridge.name': bridge },
  });
  stack.defer(async () => {
    await network.remove();
    if (device === undefined) await unprotectTenant(host, bridge);
  });
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['-e', probeAgent],
    Labels: { 'mcpd.test': run },
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      NetworkMode: network.id,
      CapDrop: ['ALL'],
      PortBindings: { '8080/tcp': [{ HostPort: '0' }] },
    },
  });
  stack.defer(() => container.remove({ force: true }));
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const port = Number(NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort);
  const probe = async (path: string) => (await fetch(`http://127.0.0.1:${port}/${path}`)).text();
  await vi.waitFor(async () => expect(await probe('')).toBe('ready'), 10_000);
  const address = `${network24}.${start + 2}`;
  const gateway = `${network24}.${start + 1}`;
  return { network, container, bridge, gateway, address, openPort: port, probe };
}

function protect(tenant: Tenant, egress: Egress) {
  return protectTenant(host, { bridge: tenant.bridge, egress, explicit: true });
}

function reach(tenant: Tenant, address: string, port: number): Promise<string> {
  return tenant.probe(`tcp?host=${address}&port=${port}`);
}

/**
 * Every address at which this host answers, loopback left out: a container has its own. The bridges
 * of other tests come and go.
 */
function hostAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(
      ([device]) =>
        !device.startsWith('mcpd-') || [bob, alice].some((one) => one.bridge === device),
    )
    .flatMap(([, addresses = []]) => addresses)
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

const targets: readonly Egress[] = [
  { profile: 'public' },
  { profile: 'allow', targets: ['0.0.0.0/0'] },
  { profile: 'open' },
];

test('a container that is no tenant is not held back, so the tests below can fail', async () => {
  const control = await startTenant('control', 3, { device: `ctl-${run}` });
  const { port } = hostService.address() as AddressInfo;
  expect(await reach(control, control.gateway, port)).toBe('connected');
  expect(await reach(control, control.gateway, alice.openPort)).toBe('connected');
  expect(await reach(control, far.metadata, 80)).toBe('connected');
  expect(farHosts.dial(control.address, 8080)).toBe('connected');
});

test.each(targets)(
  '$profile never includes the host, the metadata service or a neighbour',
  async (egress) => {
    await protect(bob, egress);
    const { port } = hostService.address() as AddressInfo;
    const answers = await Promise.all([
      ...hostAddresses().flatMap((address) => [
        reach(bob, address, port),
        // A port that alice's container publishes on every address.
        reach(bob, address, alice.openPort),
      ]),
      reach(bob, far.metadata, 80),
      reach(bob, alice.address, 8080),
    ]);
    expect(new Set(answers)).toEqual(new Set(['timeout']));
    expect(await reach(bob, far.public, 80)).toBe('connected');
  },
);

test('narrowing a profile ends a connection that is open', async () => {
  await protect(bob, { profile: 'public' });
  expect(await bob.probe(`hold?host=${far.public}&port=80`)).toBe('connected');
  expect(await bob.probe('send')).toBe('echoed');
  await protect(bob, { profile: 'none' });
  expect(await bob.probe('send')).toBe('timeout');
});

test('a bridge that nobody declared reaches nothing, and its published port answers', async () => {
  const dave = await startTenant('dave', 2);
  const { port } = hostService.address() as AddressInfo;
  expect(await reach(dave, far.public, 80)).toBe('timeout');
  expect(await reach(dave, dave.gateway, port)).toBe('timeout');
  expect(await dave.probe('')).toBe('ready');
});

test('another machine reaches a port published to it, and no container past it', async () => {
  await protect(bob, { profile: 'open' });
  expect(farHosts.dial('198.51.100.1', bob.openPort)).toBe('connected');
  expect(farHosts.dial(bob.address, 8080)).toBe('timeout');
});

test('the state names every tenant with its profile', async () => {
  await protect(bob, { profile: 'allow', targets: [far.public] });
  const state = await firewallState(systemNft(), 0);
  expect(state.status).toBe('enforced');
  expect(state.tenants.get(bob.bridge)).toBe('allow');
  expect(state.tenants.get(alice.bridge)).toBe('public');
});
