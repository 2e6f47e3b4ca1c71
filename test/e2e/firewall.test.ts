import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { systemNft } from '../../src/firewall/nft.ts';
import { protectTenant, unprotectTenant } from '../../src/firewall/protect.ts';
import { hostResolvers } from '../../src/firewall/resolvers.ts';
import { firewallState } from '../../src/firewall/state.ts';
import type { Egress } from '../../src/policy/egress.ts';
import { far, startFarHosts } from './far-hosts.ts';
import { importNodeImage, probeAgent } from './probe-image.ts';

interface Tenant {
  readonly network: Docker.Network;
  readonly container: Docker.Container;
  readonly bridge: string;
  readonly gateway: string;
  readonly address: string;
  readonly probe: (path: string) => Promise<string>;
}

const host = { uid: 0, config: { firewall: 'auto' } } as const;
const docker = new Docker();
const run = randomBytes(4).toString('hex');
const subnetByte = randomInt(0, 256);
const stack = new AsyncDisposableStack();
let image: string;
let hostService: Server;
let bob: Tenant;
let alice: Tenant;

beforeAll(async () => {
  stack.use(await startFarHosts());
  image = await importNodeImage(docker);
  stack.defer(() => docker.getImage(image).remove({ force: true }));
  hostService = createServer((socket) => socket.on('error', () => undefined).end());
  hostService.listen(0, '0.0.0.0');
  await once(hostService, 'listening');
  stack.defer(() => void hostService.close());
  bob = await startTenant('bob', 0);
  alice = await startTenant('alice', 1);
  await protect(alice, { profile: 'public' });
}, 60_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

interface TenantOptions {
  readonly dns?: readonly string[];
  /** Device of the network; one of another name is nobody's tenant. */
  readonly device?: string;
}

async function startTenant(
  name: string,
  index: number,
  { dns = [], device }: TenantOptions = {},
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
      Dns: [...dns],
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '0' }] },
    },
  });
  stack.defer(() => container.remove({ force: true }));
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const port = NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort ?? '';
  const probe = async (path: string) => (await fetch(`http://127.0.0.1:${port}/${path}`)).text();
  await vi.waitFor(async () => expect(await probe('')).toBe('ready'), 10_000);
  const address = `${network24}.${start + 2}`;
  return { network, container, bridge, gateway: `${network24}.${start + 1}`, address, probe };
}

function protect(tenant: Tenant, egress: Egress) {
  return protectTenant(host, { bridge: tenant.bridge, egress, explicit: true });
}

function reach(tenant: Tenant, address: string, port: number): Promise<string> {
  return tenant.probe(`tcp?host=${address}&port=${port}`);
}

/** Every address at which this host answers, loopback left out: a container has its own. */
function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

const profiles: Egress[] = [
  { profile: 'public' },
  { profile: 'none' },
  { profile: 'allow', targets: ['0.0.0.0/0'] },
  { profile: 'open' },
];

test('a container that is no tenant reaches all that the tests below forbid, so they can fail', async () => {
  const control = await startTenant('control', 4, { device: `ctl-${run}` });
  const { port } = hostService.address() as AddressInfo;
  expect(await reach(control, control.gateway, port)).toBe('connected');
  expect(await reach(control, far.metadata, 80)).toBe('connected');
  expect(await reach(control, far.private, 80)).toBe('connected');
});

describe.each(profiles)('under $profile', (egress) => {
  beforeAll(() => protect(bob, egress));

  test('no service of the host answers at any of its addresses', async () => {
    const { port } = hostService.address() as AddressInfo;
    const addresses = hostAddresses();
    expect(addresses).toContain(bob.gateway);
    expect(addresses).toContain(alice.gateway);
    const answers = await Promise.all(addresses.map((address) => reach(bob, address, port)));
    expect(new Set(answers)).toEqual(new Set(['timeout']));
  });

  test('the metadata service and the neighbour are unreachable', async () => {
    expect(await reach(bob, far.metadata, 80)).toBe('timeout');
    expect(await reach(bob, alice.address, 8080)).toBe('timeout');
    expect(await reach(alice, bob.address, 8080)).toBe('timeout');
  });

  test('the published port answers, as every probe here shows', async () => {
    expect(await bob.probe('')).toBe('ready');
  });
});

describe('public', () => {
  beforeAll(() => protect(bob, { profile: 'public' }));

  test('reaches public addresses and no private ones', async () => {
    expect(await reach(bob, far.public, 80)).toBe('connected');
    expect(await reach(bob, far.private, 80)).toBe('timeout');
  });

  test('the host’s resolvers answer, wherever they are', async () => {
    const [server = ''] = await hostResolvers();
    expect(await bob.probe('dns')).toBe('answered');
    expect(await bob.probe(`dns?server=${server}`)).toBe('answered');
  });

  test('narrowing the profile ends a connection that is open', async () => {
    expect(await bob.probe(`hold?host=${far.public}&port=80`)).toBe('connected');
    expect(await bob.probe('send')).toBe('echoed');
    await protect(bob, { profile: 'none' });
    expect(await bob.probe('send')).toBe('timeout');
  });
});

test('none reaches no address and no resolver', async () => {
  await protect(bob, { profile: 'none' });
  const [server = ''] = await hostResolvers();
  expect(await reach(bob, far.public, 80)).toBe('timeout');
  expect(await reach(bob, far.private, 80)).toBe('timeout');
  expect(await bob.probe(`dns?server=${server}`)).not.toBe('answered');
});

test('a container made for none has no resolver, not even through the engine', async () => {
  const carol = await startTenant('carol', 2, { dns: ['240.0.0.1'] });
  expect(await carol.probe('dns')).not.toBe('answered');
});

test('allow reaches its targets on their ports and nothing else', async () => {
  const targets = [`${far.public}:80`, '10.99.0.0/24'];
  expect(await protect(bob, { profile: 'allow', targets })).toMatchObject({ enforced: true });
  expect(await reach(bob, far.public, 80)).toBe('connected');
  expect(await reach(bob, far.private, 81)).toBe('connected');
  expect(await reach(bob, far.public, 81)).toBe('timeout');
  expect(await reach(bob, far.otherPublic, 80)).toBe('timeout');
});

test('open reaches private addresses too', async () => {
  await protect(bob, { profile: 'open' });
  expect(await reach(bob, far.private, 80)).toBe('connected');
  expect(await reach(bob, far.public, 80)).toBe('connected');
});

test('a bridge that nobody declared reaches nothing', async () => {
  await protect(bob, { profile: 'open' });
  const dave = await startTenant('dave', 3);
  expect(await reach(dave, far.public, 80)).toBe('timeout');
  expect(await reach(dave, dave.gateway, (hostService.address() as AddressInfo).port)).toBe(
    'timeout',
  );
  expect(await dave.probe('')).toBe('ready');
});

test('the state names every tenant with its profile', async () => {
  await protect(bob, { profile: 'open' });
  const state = await firewallState(systemNft(), 0);
  expect(state.status).toBe('enforced');
  expect(state.tenants.get(bob.bridge)).toBe('open');
  expect(state.tenants.get(alice.bridge)).toBe('public');
});
