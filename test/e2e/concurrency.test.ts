import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { stress } from '../crash/stress.ts';
import { callTool } from '../support/call-tool.ts';
import { readRows } from '../support/snapshot.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';
import { unusedPorts, unusedSubnet } from '../support/unused.ts';

const count = 20;

// Homes share images, so this one's build is everybody's.
beforeAll(async () => {
  await using builder = await Tenancy.open();
  await builder.json(['image', 'build', 'filesystem']);
}, 300_000);

it('twenty users added at once to a new home get twenty of everything; removed at once they leave nothing', async () => {
  await using tenancy = await Tenancy.open({ quarantineHours: 0 });
  const names = Array.from({ length: count }, (_, index) => `user-${index}`);
  const added = await Promise.all(names.map((name) => tenancy.addUser(name)));

  expect(added.map(({ servers }) => servers.every(({ ready }) => ready))).toEqual(
    added.map(() => true),
  );
  expect(distinct(added, ({ servers }) => servers[0]?.port)).toBe(count);
  expect(distinct(added, ({ user }) => user.ports.start)).toBe(count);
  expect(distinct(added, ({ user }) => user.network.subnet)).toBe(count);
  expect(distinct(added, ({ user }) => user.uid)).toBe(count);
  expect(distinct(added, ({ user }) => user.workspace)).toBe(count);
  const bridges = added.map(({ user }) => bridgeName(user.network.subnet));
  expect(await firewalled(bridges)).toHaveLength(count);
  expect((await tenancy.objects()).length).toBe(2 * count);

  const runtime = await tenancy.runtime();
  await Promise.all(
    names.map((name) => tenancy.json(['user', 'remove', name, '--purge', '--yes'])),
  );
  expect(await tenancy.objects()).toEqual([]);
  expect(await firewalled(bridges)).toEqual([]);
  expect(bridges.filter((bridge) => bridge in networkInterfaces())).toEqual([]);
  expect(await readdir(runtime).catch(() => 'gone')).toBe('gone');
  expect(await readdir(join(tenancy.home, 'users'))).toEqual([]);
  const { meta: _meta, ...rows } = readRows(tenancy);
  expect(Object.values(rows).flat()).toEqual([]);
}, 300_000);

it('a user added by five processes at once is made by one, and the others say that it is there', async () => {
  await using tenancy = await Tenancy.open();
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => tenancy.addUser('bob')));
  expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
  expect(answers.filter(({ token }) => token !== null)).toHaveLength(1);
  expect(distinct(answers, ({ user }) => JSON.stringify(user))).toBe(1);
  expect(distinct(answers, ({ servers }) => JSON.stringify(servers))).toBe(1);
  expect(answers[0]?.servers).toMatchObject([{ ready: true }]);
  expect(await tenancy.objects()).toHaveLength(2);
}, 120_000);

it('two homes that draw from the same ports and subnets at once both get ready servers, and stay apart', async () => {
  const start = await unusedPorts(20);
  const config = {
    ports: { start, end: start + 19 },
    subnets: { pool: unusedSubnet(26) },
  };
  await using one = await Tenancy.open(config);
  await using two = await Tenancy.open(config);
  const names = ['bob', 'alice'];
  const [ofOne, ofTwo] = await Promise.all(
    [one, two].map((home) => Promise.all(names.map((name) => home.addUser(name)))),
  );
  const all = [...(ofOne ?? []), ...(ofTwo ?? [])];
  expect(distinct(all, ({ servers }) => servers[0]?.port)).toBe(4);
  expect(distinct(all, ({ user }) => user.network.subnet)).toBe(4);

  const twosObjects = await two.objects();
  await one.json(['down', '--all', '--yes']);
  expect(await one.objects()).toEqual([]);
  expect(await two.objects()).toEqual(twosObjects);
  for (const { servers, token } of ofTwo ?? []) {
    const call = { url: servers[0]?.url ?? '', token, tool: 'list_allowed_directories' };
    expect(await callTool(call)).toContain('/workspace');
  }
}, 180_000);

it('fifty processes that add, change and remove the same users leave nothing that contradicts', async () => {
  const { problems } = await stress({ seconds: 15, processes: 50 });
  expect(problems).toEqual([]);
}, 300_000);

function distinct(users: readonly AddedUser[], of: (user: AddedUser) => unknown): number {
  return new Set(users.map(of)).size;
}

/** Those of these bridges that the firewall knows, in any of its sets. */
async function firewalled(bridges: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('nft', ['list', 'ruleset']);
  return bridges.filter((bridge) => stdout.includes(`"${bridge}"`));
}
