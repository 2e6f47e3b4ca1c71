import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { words } from '../support/lines.ts';
import { readRows, snapshot } from '../support/snapshot.ts';
import { Tenancy } from '../support/tenancy.ts';

interface Collected {
  readonly changed: boolean;
  readonly removed: readonly { readonly kind: string; readonly name: string }[];
}

it('gc removes the expired, the half made and what nobody has; three at once leave nothing of it', async () => {
  await using tenancy = await Tenancy.open();
  const [kept, expired, orphaned] = await Promise.all(
    ['kept', 'expired', 'orphaned'].map((name) => tenancy.addUser(name, '--server', 'memory')),
  );
  // As after a kill -9, a restored registry, and hours.
  await killedAdd(tenancy, 'halfmade');
  change(tenancy, "UPDATE users SET expires_at = 1 WHERE name = 'expired'");
  change(tenancy, "DELETE FROM users WHERE name = 'orphaned'");
  change(tenancy, "INSERT INTO quarantine VALUES ('subnet', '10.9.0.0/28', 1, NULL)");
  const before = await snapshot(tenancy);

  const dry = await tenancy.json<Collected>(['gc', '--dry-run']);
  expect(dry.changed).toBe(false);
  expect(kinds(dry)).toEqual([
    'user expired',
    'user halfmade',
    expect.stringMatching(/^container .*-orphaned-memory$/),
    expect.stringMatching(/^network .*-orphaned$/),
    expect.stringMatching(/^folder /),
    expect.stringMatching(/^folder /),
    'quarantine subnet 10.9.0.0/28',
  ]);
  expect(await snapshot(tenancy)).toEqual(before);

  const all = await Promise.all([1, 2, 3].map(() => tenancy.json<Collected>(['gc'])));
  for (const name of ['expired', 'halfmade']) {
    expect(all.flatMap(kinds).filter((one) => one === `user ${name}`)).toHaveLength(1);
  }
  const { users, leases, quarantine } = readRows(tenancy);
  expect(users).toMatchObject([{ name: 'kept' }]);
  expect(leases).toEqual([]);
  expect(quarantine).not.toContainEqual(expect.objectContaining({ value: '10.9.0.0/28' }));
  expect(await tenancy.objects()).toHaveLength(2);
  expect((await readdir(await tenancy.runtime())).toSorted()).toHaveLength(2);
  expect(existsSync(expired?.user.workspace ?? '')).toBe(false);
  expect(existsSync(kept?.user.workspace ?? '')).toBe(true);
  const gone = [expired, orphaned].map((user) => bridgeName(user?.user.network.subnet ?? ''));
  expect(await firewalled(gone)).toEqual([]);
  expect(await tenancy.json(['gc'])).toEqual({ changed: false, dryRun: false, removed: [] });
  expect(await tenancy.json(['status', 'kept', '--probe'])).toMatchObject({
    servers: [{ ready: true }],
  });
});

it('what cannot be removed does not keep the rest: exit 7, and what it was', async () => {
  await using tenancy = await Tenancy.open();
  await tenancy.addUser('bob', '--server', 'memory', '--no-start');
  await tenancy.addUser('alice', '--server', 'memory');
  // An endpoint of somebody else’s keeps the engine from removing a network.
  const { network } = (await tenancy.addUser('alice', '--server', 'memory')).user;
  const image = await imageOf(tenancy, 'alice');
  const stranger = await tenancy.docker(
    ...words(`run -d --network ${network.name} --entrypoint sleep ${image} 300`),
  );
  try {
    change(tenancy, 'UPDATE users SET expires_at = 1');
    const { exit, message } = await tenancy.fails(['gc']);
    expect(exit).toBe(7);
    expect(message).toContain('1 of 2');
    expect(message).toContain('user alice: ');
    expect(readRows(tenancy)['users']).toMatchObject([{ name: 'alice' }]);
  } finally {
    await tenancy.docker('rm', '-f', stranger);
  }
  expect(kinds(await tenancy.json<Collected>(['gc']))).toEqual(['user alice']);
});

it('user add removes a few of the expired on its way, and takes the name of one at once', async () => {
  await using tenancy = await Tenancy.open();
  const [first] = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => tenancy.addUser(name, '--server', 'memory', '--no-start')),
  );
  change(tenancy, "UPDATE users SET expires_at = unicode(name) WHERE name <> 'd'");
  const again = await tenancy.addUser('c', '--server', 'memory', '--no-start', '--run-id', '7');
  expect(again).toMatchObject({ changed: true, token: expect.any(String) as string });
  const { users } = readRows(tenancy);
  expect(users).toMatchObject([{ name: 'd' }, { name: 'c', run_id: '7' }]);
  expect(existsSync(first?.user.workspace ?? '')).toBe(false);
});

function kinds({ removed }: Collected): string[] {
  return removed.map(({ kind, name }) => `${kind} ${name}`);
}

function change({ home }: Tenancy, sql: string): void {
  using db = new DatabaseSync(join(home, 'registry.db'), { enableForeignKeyConstraints: true });
  db.exec(sql);
}

/** A `user add` that is killed as soon as its objects are there: the engine is making nothing more of it. */
async function killedAdd(tenancy: Tenancy, name: string): Promise<void> {
  const child = tenancy.start(['user', 'add', name, '--server', 'memory']);
  const ended = once(child, 'exit');
  const filters = ['--filter', `label=mcpd.instance=${await tenancy.instance()}`];
  filters.push('--filter', `label=mcpd.user=${name}`);
  const areThere = async () => {
    const network = await tenancy.docker('network', 'ls', '-q', ...filters);
    return network !== '' && (await tenancy.docker('ps', '-aq', ...filters)) !== '';
  };
  await expect.poll(areThere, { timeout: 60_000, interval: 1 }).toBe(true);
  child.kill('SIGKILL');
  await ended;
}

async function imageOf(tenancy: Tenancy, user: string): Promise<string> {
  const container = await tenancy.containerOf(user, 'memory');
  return tenancy.docker('inspect', '--format', '{{.Image}}', container);
}

async function firewalled(bridges: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)('nft', ['list', 'ruleset']);
  return bridges.filter((bridge) => stdout.includes(`"${bridge}"`));
}
