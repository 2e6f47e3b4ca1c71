import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disposals } from '../support/disposals.ts';
import { snapshot } from '../support/snapshot.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';
import { unusedPorts, unusedSubnet } from '../support/unused.ts';

describe('a home with room for one user and one server', { timeout: 120_000 }, () => {
  let port = 0;
  const disposals = new Disposals();
  let tenancy: Tenancy;

  beforeAll(async () => {
    port = await unusedPorts(4);
    tenancy = disposals.add(
      await Tenancy.open({
        ports: { start: port, end: port, perUser: 1 },
        subnets: { pool: unusedSubnet(28) },
        uids: { start: 205_000, end: 205_000 },
      }),
    );
    await tenancy.addUser('bob', '--no-start');
  }, 120_000);

  afterAll(() => disposals.dispose(), 120_000);

  /** Runs a command that must fail both ways and change nothing; gives the settings it names. */
  async function settingsNamedBy(command: string, code: string): Promise<string[]> {
    const before = await snapshot(tenancy);
    const error = await tenancy.fails(command.split(' '));
    expect(error).toMatchObject({ exit: 4, code });
    const human = await tenancy.run(command.split(' '));
    expect(human.code).toBe(4);
    expect(human.stderr).toContain(error.message);
    expect(await snapshot(tenancy)).toEqual(before);
    return [...error.suggestions.join('\n').matchAll(/mcpd config set (\S+)/g)].map(
      ([, setting = '']) => setting,
    );
  }

  it('says which setting gives a second server a port', async () => {
    const settings = await settingsNamedBy('server add bob/memory', 'PORTS_EXHAUSTED');
    expect(settings).toEqual(['ports.perUser']);
  });

  it('says which settings give a second user a uid, ports and a subnet, one after another', async () => {
    expect(await settingsNamedBy('user add alice', 'UIDS_EXHAUSTED')).toEqual(['uids.end']);
    await tenancy.json(['config', 'set', 'uids.end', '205001']);
    expect(await settingsNamedBy('user add alice', 'PORTS_EXHAUSTED')).toEqual(['ports.end']);
    await tenancy.json(['config', 'set', 'ports.end', String(port + 1)]);
    expect(await settingsNamedBy('user add alice', 'SUBNETS_EXHAUSTED')).toEqual(['subnets.pool']);
    await tenancy.json(['config', 'set', 'subnets.pool', unusedSubnet(24)]);
    const { user } = await tenancy.addUser('alice', '--no-start');
    expect(user).toMatchObject({ uid: 205_001, ports: { start: port + 1 } });
  });
});

it('what a removed user had goes to nobody for quarantineHours, and to the next user with 0', async () => {
  await using tenancy = await Tenancy.open();
  const added: AddedUser['user'][] = [];
  const takeTurns = async (name: string): Promise<void> => {
    added.push((await tenancy.addUser(name, '--no-start')).user);
    await tenancy.json(['user', 'remove', name, '--purge', '--yes']);
  };
  await takeTurns('bob');
  await takeTurns('alice');
  await tenancy.json(['config', 'set', 'quarantineHours', '0']);
  await takeTurns('carol');
  await takeTurns('dave');
  const had = added.map(({ uid, ports, network }) => `${uid} ${ports.start} ${network.subnet}`);
  expect(new Set(had).size).toBe(3);
  expect(new Set(added.slice(0, 3).map(({ uid }) => uid)).size).toBe(3);
  expect(new Set(added.slice(0, 3).map(({ ports }) => ports.start)).size).toBe(3);
  expect(new Set(added.slice(0, 3).map(({ network }) => network.subnet)).size).toBe(3);
  expect(had[3]).toBe(had[2]);
}, 120_000);

it('a subnet that a foreign network has is skipped', async () => {
  const pool = unusedSubnet(26);
  const subnets = [0, 16, 32, 48].map((offset) => shifted(pool, offset));
  await using tenancy = await Tenancy.open({ subnets: { pool } });
  const bob = (await tenancy.addUser('bob', '--no-start')).user.network.subnet;
  const [next, afterNext] = [1, 2].map((step) => subnets[(subnets.indexOf(bob) + step) % 4] ?? '');
  const name = `foreign-${await tenancy.instance()}`;
  await tenancy.docker('network', 'create', '--subnet', next ?? '', name);
  try {
    const { user } = await tenancy.addUser('alice', '--no-start');
    expect(user.network.subnet).toBe(afterNext);
  } finally {
    await tenancy.docker('network', 'rm', name);
  }
}, 120_000);

function shifted(pool: string, offset: number): string {
  const [a, b, c, d] = (pool.split('/')[0] ?? '').split('.').map(Number);
  return `${a}.${b}.${c}.${(d ?? 0) + offset}/28`;
}
