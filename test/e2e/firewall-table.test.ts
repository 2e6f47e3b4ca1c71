import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatTarget, type TenantRules } from '../../src/firewall/elements.ts';
import { ensureFirewall, removeTenant, repairFirewall } from '../../src/firewall/firewall.ts';
import { readTargets } from '../../src/firewall/listing.ts';
import { systemNft, transact, type Nft } from '../../src/firewall/nft.ts';
import { marker } from '../../src/firewall/rules.ts';
import { firewallState } from '../../src/firewall/state.ts';

// The real nft on a network namespace of its own, so that the host's table is left alone.
let namespace: string;
let nft: Nft;
let runs: number;

beforeEach(() => {
  namespace = `mcpd-test-${randomBytes(4).toString('hex')}`;
  execFileSync('ip', ['netns', 'add', namespace]);
  const inside = systemNft(process.env, ['nsenter', `--net=/run/netns/${namespace}`]);
  runs = 0;
  nft = (args, input) => {
    runs += 1;
    return inside(args, input);
  };
});

afterEach(() => {
  execFileSync('ip', ['netns', 'delete', namespace]);
});

const resolvers = ['192.0.2.53'];
const noDevices = () => Promise.resolve(['lo', 'docker0']);
const otherTenants = () => Promise.resolve(['lo', bridge(999)]);

function bridge(index: number): string {
  return `mcpd-${(0x0a_c8_00_00 + index * 16).toString(16).padStart(8, '0')}`;
}

function ensure(
  index: number,
  rules: Partial<TenantRules> = {},
  devices = otherTenants,
): Promise<void> {
  const tenant = { bridge: bridge(index), profile: 'public', targets: [], ...rules } as const;
  return ensureFirewall({ nft, resolvers, tenants: [tenant], devices });
}

async function tenants(): Promise<Record<string, string>> {
  const state = await firewallState(nft, 0);
  expect(state).toMatchObject({ status: 'enforced' });
  return Object.fromEntries(state.tenants);
}

async function targets(index: number): Promise<string[]> {
  const answer = await nft(['-j', 'list', 'set', 'inet', 'mcpd', 'targets']);
  return (readTargets(answer).get(bridge(index)) ?? []).toSorted();
}

describe('ensureFirewall', () => {
  test('loads the rules once; after that a tenant costs one run of nft', async () => {
    expect(await firewallState(nft, 0)).toMatchObject({ status: 'missing' });
    await ensure(1);
    runs = 0;
    await ensure(2, { profile: 'none' });
    await ensure(2, { profile: 'none' });
    expect(runs).toBe(2);
    expect(await tenants()).toEqual({ [bridge(1)]: 'public', [bridge(2)]: 'none' });
  });

  test('one run of nft loads the rules for the first tenant of a host', async () => {
    await ensure(1, {}, noDevices);
    expect(runs).toBe(1);
    // A table without devices: all tenants are stopped.
    await ensure(2, {}, noDevices);
    expect(await tenants()).toEqual({ [bridge(1)]: 'public', [bridge(2)]: 'public' });
  });

  test('twenty at once on a host without a table all end up in it', async () => {
    const all = Array.from({ length: 20 }, (_, index) => index);
    await Promise.all(all.map((index) => ensure(index, {}, noDevices)));
    expect(Object.keys(await tenants())).toHaveLength(20);
  });

  test('moves a tenant between profiles, and exactly the targets asked for remain', async () => {
    const wide = { address: '10.0.0.0', prefix: 8 };
    const host = { address: '10.1.2.3', prefix: 32, port: 443 };
    await ensure(1, { profile: 'allow', targets: [wide, host] });
    expect(await targets(1)).toEqual([formatTarget(wide)]);
    await ensure(1, { profile: 'open' });
    expect(await tenants()).toEqual({ [bridge(1)]: 'open' });
    await ensure(1, { profile: 'allow', targets: [host] });
    expect(await targets(1)).toEqual([formatTarget(host)]);
    await ensure(1, { profile: 'none' });
    expect(await tenants()).toEqual({ [bridge(1)]: 'none' });
  });

  test('replaces the rules of an older version and keeps its tenants', async () => {
    await ensure(1, { profile: 'allow', targets: [{ address: '192.0.2.7', prefix: 32 }] });
    await transact(nft, [
      `delete chain inet mcpd ${marker}`,
      'add chain inet mcpd rules_0_0000abcd',
      'flush chain inet mcpd egress',
    ]);
    expect(await firewallState(nft, 0)).toMatchObject({ status: 'stale' });
    await ensure(2);
    expect(await tenants()).toEqual({ [bridge(1)]: 'allow', [bridge(2)]: 'public' });
    expect(await targets(1)).toEqual(['192.0.2.7 . 0-65535']);
  });

  test('leaves the rules of a newer version alone and adds its tenant to them', async () => {
    await ensure(1);
    await transact(nft, [
      `delete chain inet mcpd ${marker}`,
      'add chain inet mcpd rules_99_0000abcd',
    ]);
    await ensure(2);
    expect(await tenants()).toEqual({ [bridge(1)]: 'public', [bridge(2)]: 'public' });
    const { stdout } = await nft(['list', 'table', 'inet', 'mcpd']);
    expect(stdout).toContain('rules_99_0000abcd');
    expect(stdout).not.toContain(marker);
  });
});

describe('removeTenant', () => {
  test('takes one tenant and keeps the table for the others', async () => {
    await ensure(1, {
      profile: 'allow',
      targets: [{ address: '192.0.2.7', prefix: 32, port: 80 }],
    });
    await ensure(2);
    await removeTenant(nft, bridge(1), noDevices);
    expect(await tenants()).toEqual({ [bridge(2)]: 'public' });
    expect(await targets(1)).toEqual([]);
  });

  test('takes the table with the last tenant, and is done when there is none', async () => {
    await ensure(1);
    await removeTenant(nft, bridge(1), noDevices);
    await removeTenant(nft, bridge(1), noDevices);
    expect((await nft(['list', 'ruleset'])).stdout).toBe('');
  });

  test('keeps the table while a device of ours is left without an entry', async () => {
    await ensure(1);
    await removeTenant(nft, bridge(1), () => Promise.resolve([bridge(9)]));
    expect(await firewallState(nft, 0)).toMatchObject({ status: 'enforced' });
  });

  test('never takes the table from under a tenant that another process just added', async () => {
    await ensure(1);
    const addedMeanwhile = async () => {
      await ensure(2);
      return [];
    };
    await removeTenant(nft, bridge(1), addedMeanwhile);
    expect(await tenants()).toEqual({ [bridge(2)]: 'public' });
  });

  test('adding and removing at once leaves exactly those that were added', async () => {
    const all = Array.from({ length: 10 }, (_, index) => index);
    await Promise.all(all.map((index) => ensure(index)));
    await Promise.all([
      ...all.map((index) => removeTenant(nft, bridge(index), noDevices)),
      ...all.map((index) => ensure(index + 10)),
    ]);
    expect(Object.keys(await tenants()).toSorted()).toEqual(all.map((i) => bridge(i + 10)));
    await Promise.all(all.map((index) => removeTenant(nft, bridge(index + 10), noDevices)));
    expect((await nft(['list', 'ruleset'])).stdout).toBe('');
  });
});

describe('repairFirewall', () => {
  test.each(['flush chain inet mcpd egress', 'add table inet mcpd { flags dormant; }'])(
    'undoes "%s" and keeps the tenants',
    async (damage) => {
      await ensure(1);
      await transact(nft, [damage]);
      expect(await firewallState(nft, 0)).toMatchObject({ status: 'stale' });
      await repairFirewall(nft);
      expect(await tenants()).toEqual({ [bridge(1)]: 'public' });
    },
  );
});
