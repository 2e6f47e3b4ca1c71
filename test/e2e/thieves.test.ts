import { describe, expect, it } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { systemNft } from '../../src/firewall/nft.ts';
import { firewallState } from '../../src/firewall/state.ts';
import { allocateSubnet } from '../../src/registry/allocation.ts';
import { instanceNumber } from '../../src/registry/ids.ts';
import { FaultyDocker } from '../support/faulty-docker.ts';
import { words } from '../support/lines.ts';
import { Listener } from '../support/listener.ts';
import { Tenancy } from '../support/tenancy.ts';
import { unusedPorts, unusedSubnet } from '../support/unused.ts';

interface Built {
  readonly images: readonly { readonly tag: string }[];
}

const createNetwork = /^POST \/networks\/create$/;

/** The subnet that a home's first user gets. */
async function firstSubnet(tenancy: Tenancy, pool: string): Promise<string> {
  await tenancy.json(words('group create students'));
  const offset = instanceNumber(await tenancy.instance());
  return allocateSubnet({ pool, prefix: 28, taken: [], offset }) ?? '';
}

async function profileOn(subnet: string): Promise<string | undefined> {
  const { tenants } = await firewallState(systemNft(), 0);
  return tenants.get(bridgeName(subnet));
}

it.each(['container', 'network'] as const)(
  'a foreign %s with a name of ours is an error and is not touched; when it is gone, up goes on',
  async (kind) => {
    await using tenancy = await Tenancy.open({ quarantineHours: 0 });
    const { images } = await tenancy.json<Built>(words('image build filesystem'));
    await tenancy.addUser('bob', '--memory=64m');
    await tenancy.json(words('down bob --yes'));
    const prefix = `mcpd-${await tenancy.instance()}`;
    const nameOf = (user: string) =>
      kind === 'container' ? `${prefix}-${user}-filesystem` : `${prefix}-${user}`;
    const thieves = await Promise.all(
      ['alice', 'bob'].map((user) =>
        kind === 'container'
          ? tenancy.docker('create', '--name', nameOf(user), images[0]?.tag ?? '')
          : tenancy.docker('network', 'create', '--internal', nameOf(user)),
      ),
    );
    try {
      const before = await tenancy.docker(kind, 'inspect', ...thieves);
      const added = await tenancy.fails(words('user add alice --memory 64m'));
      expect(added).toMatchObject({ exit: 4, code: 'NAME_TAKEN' });
      expect(added.message).toBe(
        `There is a ${kind} named ${nameOf('alice')} that mcpd has not made.`,
      );
      expect(added.suggestions[0]).toBe(
        `docker ${kind} inspect ${nameOf('alice')}, for what it is`,
      );
      const up = await tenancy.fails(words('up bob'));
      expect(up).toMatchObject({ exit: 4, code: 'NAME_TAKEN' });
      expect(await tenancy.docker(kind, 'inspect', ...thieves)).toBe(before);
      const { users } = await tenancy.json<{ users: { name: string }[] }>(words('user list'));
      expect(users.map(({ name }) => name)).toEqual(['bob']);
    } finally {
      await tenancy.docker(kind, 'rm', ...thieves);
    }
    await tenancy.json(words('up bob'));
    expect(await tenancy.objects()).toHaveLength(2);
  },
  180_000,
);

it('a subnet that is stolen between look and creation is given up for the next, without a firewall entry', async () => {
  const pool = unusedSubnet(26);
  await using docker = await FaultyDocker.start();
  await using tenancy = await Tenancy.open({ subnets: { pool } }, { env: docker.env });
  const stolen = await firstSubnet(tenancy, pool);
  const name = `mcpd-thief-${await tenancy.instance()}`;
  const meanwhile = () => tenancy.docker('network', 'create', '--subnet', stolen, name);
  docker.arm({ call: createNetwork, how: { meanwhile } });
  try {
    const { user, servers } = await tenancy.addUser('bob', '--memory=64m');
    expect(docker.happened).toBe(true);
    expect(servers).toMatchObject([{ ready: true }]);
    expect(user.network.subnet).not.toBe(stolen);
    expect(await profileOn(user.network.subnet)).toBe('public');
    expect(await profileOn(stolen)).toBeUndefined();
  } finally {
    await tenancy.docker('network', 'rm', name);
  }
}, 180_000);

describe('another home that has the subnet keeps its firewall profile', () => {
  it('when it took it between look and creation', async () => {
    const pool = unusedSubnet(26);
    await using docker = await FaultyDocker.start();
    await using loser = await Tenancy.open({ subnets: { pool } }, { env: docker.env });
    const stolen = await firstSubnet(loser, pool);
    await using winner = await Tenancy.open({ subnets: { pool: stolen } });
    const meanwhile = () => winner.addUser('alice', '--memory=64m');
    docker.arm({ call: createNetwork, how: { meanwhile } });
    const { user } = await loser.addUser('bob', '--memory=64m', '--egress=open');
    expect(docker.happened).toBe(true);
    expect(await profileOn(user.network.subnet)).toBe('open');
    expect(await profileOn(stolen)).toBe('public');
  }, 180_000);

  it.each<[string, (tenancy: Tenancy, network: string) => Promise<unknown>]>([
    ['bob was down', (tenancy) => tenancy.json(words('down bob --yes'))],
    [
      'somebody had removed bob’s',
      async (tenancy, network) => {
        const id = await tenancy.containerOf('bob', 'filesystem');
        await tenancy.docker('network', 'disconnect', '--force', network, id);
        await tenancy.docker('network', 'rm', network);
      },
    ],
  ])(
    'when it took it while %s',
    async (_, leave) => {
      const pool = unusedSubnet();
      await using first = await Tenancy.open({ subnets: { pool } });
      const { user } = await first.addUser('bob', '--memory=64m', '--egress=open');
      await leave(first, user.network.name);
      await using second = await Tenancy.open({ subnets: { pool } });
      await second.addUser('bob', '--memory=64m', '--egress=none');
      expect(await first.fails(words('up bob'))).toMatchObject({ exit: 4, code: 'SUBNET_TAKEN' });
      expect(await profileOn(pool)).toBe('none');
    },
    180_000,
  );
});

it('a port that is stolen between look and start is given up for the next, by a server that never ran', async () => {
  const start = await unusedPorts(10);
  await using docker = await FaultyDocker.start();
  const ports = { start, end: start + 9 };
  await using tenancy = await Tenancy.open({ ports }, { env: docker.env });
  docker.arm({ call: /^POST \/containers\/[^/]+\/start$/, how: { wait: 2_000 } });
  const adding = tenancy.addUser('bob', '--memory=64m');
  await expect.poll(() => docker.happened, { timeout: 60_000 }).toBe(true);
  await using _thief = await Listener.on(start, '127.0.0.1');
  const { servers } = await adding;
  expect(servers).toMatchObject([{ port: start + 1, ready: true }]);
}, 180_000);
