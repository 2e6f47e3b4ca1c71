import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hostResolvers } from '../../src/firewall/resolvers.ts';
import { callTool } from '../support/call-tool.ts';
import {
  addressOf,
  besideServer,
  gatewayOf,
  inspectServer,
  program,
  type Container,
} from '../support/inside.ts';
import { ask, reach, type Target } from '../support/reach.ts';
import { docker, Tenancy, type AddedUser } from '../support/tenancy.ts';
import { far, startFarHosts } from './far-hosts.ts';

const bridgePort = 8080;
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let alice: AddedUser;
let ofBob: Container;
let ofAlice: Container;
let hostService: Server;
/** A container of somebody else on the same engine, with nothing of mcpd's around it. */
let stranger: string;

beforeAll(async () => {
  stack.use(await startFarHosts());
  hostService = createServer((socket) => socket.on('error', () => undefined).end());
  // Every address of this host, of both families.
  await once(hostService.listen(0, '::'), 'listening');
  stack.defer(() => void hostService.close());
  tenancy = stack.use(await Tenancy.open());
  [bob, alice] = (await Promise.all([
    tenancy.addUser('bob', '--server', 'filesystem,memory'),
    tenancy.addUser('alice'),
  ])) as [AddedUser, AddedUser];
  ofBob = await inspectServer(tenancy, 'bob', 'memory');
  ofAlice = await inspectServer(tenancy, 'alice', 'filesystem');
  const listen = 'require("node:net").createServer((socket) => socket.end()).listen(9000)';
  stranger = await docker('run', '--detach', '--entrypoint', 'node', ofBob.Image, '-e', listen);
  stack.defer(async () => void (await docker('rm', '--force', stranger)));
});

afterAll(() => stack.disposeAsync());

function fromBob(targets: readonly Target[]): Promise<string[]> {
  return besideServer(tenancy, 'bob/filesystem', reach, targets);
}

/** The same probe from where nothing of mcpd's stands in the way. */
async function fromStranger(targets: readonly Target[]): Promise<string[]> {
  const answer = await docker('exec', stranger, 'node', '-e', program(reach, [targets]));
  return JSON.parse(answer) as string[];
}

async function addressOfStranger(): Promise<string> {
  const [container] = JSON.parse(await docker('inspect', stranger)) as [Container];
  return addressOf(container);
}

function hostPort(): number {
  return (hostService.address() as AddressInfo).port;
}

/** Every address at which this host answers, bridges among them; loopback is the container's own. */
function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/** What no profile opens: this host, its metadata service, and other users. */
function neverReachable(): Target[] {
  return [
    ...[...hostAddresses(), '0.0.0.0', '127.0.0.1'].map((host) => [host, hostPort()] as const),
    ...hostAddresses().map((host) => [host, alice.servers[0]?.port ?? 0] as const),
    [far.metadata, 80],
    [addressOf(ofAlice), bridgePort],
  ];
}

async function expectClosed(): Promise<void> {
  const reached = await targetsWith(neverReachable, fromBob, 'connected');
  expect(reached).toEqual([]);
}

/**
 * Of these targets, those that gave this answer. Bridges of other tests come and go, and who answers
 * at an address that is no longer this host's says nothing: only what is listed before and after counts.
 */
async function targetsWith(
  list: () => Target[],
  from: (targets: readonly Target[]) => Promise<string[]>,
  expected: string,
): Promise<Target[]> {
  const targets = list();
  const answers = await from(targets);
  const still = new Set(list().map(String));
  return targets.filter(
    (target, index) => answers[index] === expected && still.has(String(target)),
  );
}

async function update(egress: string, user = 'bob'): Promise<void> {
  await tenancy.json(['user', 'update', user, '--egress', egress]);
}

function answersOfResolvers(): Promise<string[]> {
  return Promise.all([
    besideServer(tenancy, 'bob/filesystem', ask),
    hostResolvers().then(([server]) => besideServer(tenancy, 'bob/filesystem', ask, server)),
  ]);
}

it('an ordinary container reaches what the tests below forbid, so they can fail', async () => {
  const list = (): Target[] => [
    ...hostAddresses().map((host) => [host, hostPort()] as const),
    ...[far.metadata, far.private, far.public].map((host) => [host, 80] as const),
  ];
  const reached = new Set((await targetsWith(list, fromStranger, 'connected')).map(String));
  for (const host of [gatewayOf(ofBob), gatewayOf(ofAlice)])
    expect(reached).toContain(String([host, hostPort()]));
  for (const host of [far.metadata, far.private, far.public])
    expect(reached).toContain(String([host, 80]));
  const containers: Target[] = [
    [addressOf(ofAlice), bridgePort],
    [await addressOfStranger(), 9000],
  ];
  expect(await reach(containers)).toEqual(['connected', 'connected']);
});

it('runs beside the server as its user, on IPv4 alone', async () => {
  const answer = await besideServer(tenancy, 'bob/filesystem', () => ({
    uid: process.getuid?.(),
    families: Object.values(process.getBuiltinModule('node:os').networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal }) => !internal)
      .map(({ family }) => family),
  }));
  expect(answer).toEqual({ uid: bob.user.uid, families: ['IPv4'] });
});

it('nobody on the host reaches what listens in a container beside the bridge', async () => {
  const listen = 'require("node:net").createServer((socket) => socket.end()).listen(9000)';
  await docker('exec', '--detach', ofBob.Id, 'node', '-e', listen);
  const targets: Target[] = [
    [addressOf(ofBob), 9000],
    [addressOf(ofBob), bridgePort],
  ];
  // Bob's other server finds it listening.
  const isThere = async () => (await fromBob(targets)).join() === 'connected,connected';
  await vi.waitUntil(isThere, { timeout: 30_000 });
  const [beside, bridge] = await reach(targets);
  expect(beside).not.toBe('connected');
  expect(bridge).toBe('connected');
});

describe('public, the profile users get', () => {
  it('reaches public addresses, resolvers and the user’s own servers', async () => {
    const targets: Target[] = [
      [far.public, 80],
      [addressOf(ofBob), bridgePort],
    ];
    expect(await fromBob(targets)).toEqual(['connected', 'connected']);
    expect(await answersOfResolvers()).toEqual(['answered', 'answered']);
  });

  it('reaches no other user, no service of the host and no metadata service', expectClosed);

  it('reaches no private network and no container of somebody else', async () => {
    const targets: Target[] = [
      [far.private, 80],
      [await addressOfStranger(), 9000],
    ];
    expect(await fromBob(targets)).toEqual(['timeout', 'timeout']);
  });
});

describe('none', () => {
  beforeAll(() => update('none'));

  it('reaches no address and no resolver', async () => {
    const answers = await fromBob([
      [far.public, 80],
      [far.private, 80],
    ]);
    expect(answers).toEqual(['timeout', 'timeout']);
    expect(await answersOfResolvers()).not.toContain('answered');
    await expectClosed();
  });

  it('leaves the servers to their clients, and other users to their own profile', async () => {
    const [{ url = '' } = {}] = bob.servers;
    const answer = await callTool({ url, token: bob.token, tool: 'list_allowed_directories' });
    expect(answer).toContain('/workspace');
    const targets: Target[] = [[far.public, 80]];
    expect(await besideServer(tenancy, 'alice/filesystem', reach, targets)).toEqual(['connected']);
  });
});

it('allow reaches its targets on their ports, and nothing else', async () => {
  const others: Target[] = [
    [far.public, 80],
    [far.otherPublic, 80],
  ];
  await Promise.all([
    update(`allow:${far.public}:80,10.99.0.0/24`),
    update(`allow:${far.otherPublic}`, 'alice'),
  ]);
  const [answers, ofOthers] = await Promise.all([
    fromBob([[far.private, 81], [far.public, 81], ...others]),
    besideServer(tenancy, 'alice/filesystem', reach, others),
  ]);
  expect(answers).toEqual(['connected', 'timeout', 'connected', 'timeout']);
  expect(ofOthers).toEqual(['timeout', 'connected']);
  await expectClosed();
});

it('open reaches private networks too, but still neither host, metadata nor other users', async () => {
  await update('open');
  const answers = await fromBob([
    [far.public, 80],
    [far.private, 80],
  ]);
  expect(answers).toEqual(['connected', 'connected']);
  await expectClosed();
});

it('back to public, private networks close again, over a restart too', async () => {
  await update('public');
  const targets: Target[] = [
    [far.public, 80],
    [far.private, 80],
  ];
  expect(await fromBob(targets)).toEqual(['connected', 'timeout']);
  await tenancy.json(['restart', 'bob']);
  expect(await fromBob(targets)).toEqual(['connected', 'timeout']);
});
