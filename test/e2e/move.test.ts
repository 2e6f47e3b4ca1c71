import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { insideServer } from '../support/inside.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

interface Moved {
  readonly user: string;
  readonly id: string;
  readonly uid: number;
  readonly ports: object;
  readonly subnet: string;
  readonly workspace: string;
  readonly remapped: readonly { readonly what: string }[];
}

const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const secret = `first-${randomBytes(18).toString('hex')}`;

it('a user moves to another home with files and secrets, also after a move that was not finished, and nothing stays', async () => {
  await using here = await Tenancy.open();
  await using there = await Tenancy.open();
  await here.json(['group', 'create', 'students', '--memory', '200m']);
  const ofBob = ['--server', laboratory, '--secret', 'FIRST_KEY=@-', '--group', 'students'];
  const bob = await here.json<AddedUser>(['user', 'add', 'bob', ...ofBob], secret);
  const content = randomBytes(300_000);
  writeFileSync(join(bob.user.workspace, 'random'), content);

  // Nothing is ready that soon: they are in both homes then.
  const move = ['user', 'move', 'bob', '--home', there.home, '--as', 'robert', '--yes'];
  expect(await here.fails([...move, '--timeout', '1ms'])).toMatchObject({ exit: 6 });
  const half = await here.json<{ users: object[] }>(['user', 'list']);
  expect(half.users).toMatchObject([{ name: 'bob', down: true }]);
  expect(existsSync(join(bob.user.workspace, 'random'))).toBe(true);

  const moved = await here.json<Moved>(move);
  expect(moved).toMatchObject({
    user: 'robert',
    id: bob.user.id,
    uid: bob.user.uid,
    ports: bob.user.ports,
    subnet: bob.user.network.subnet,
    tokens: 'not kept',
    secrets: ['FIRST_KEY'],
  });
  expect(moved.remapped.map(({ what }) => what)).toEqual(['name']);
  expect(readFileSync(join(moved.workspace, 'random')).equals(content)).toBe(true);
  expect(await here.json(['user', 'list'])).toEqual({ users: [] });
  expect(await here.objects()).toEqual([]);
  expect(readdirSync(join(here.home, 'users'))).toEqual([]);

  // Rules of the subnet, which is theirs there, did not go with who was here.
  expect(await there.json(['plan'])).toMatchObject({ users: [{ operations: [], problem: null }] });
  expect(await there.json(['user', 'show', 'robert'])).toMatchObject({
    user: { group: 'students' },
  });
  const created = ['token', 'create', 'robert', '--name', 'test'];
  const { value: token } = await there.json<{ value: string }>(created);
  await using server = await TestClient.connect(bob.servers[0]?.url ?? '', token);
  expect(await insideServer(server, () => process.env['FIRST_KEY'])).toBe(secret);
  const audit = await there.json<{ intact: boolean }>(['audit', 'verify', 'robert']);
  expect(audit.intact).toBe(true);
}, 120_000);

it('a move that fails, or is interrupted while it copies, leaves the user up here and nothing there', async () => {
  await using here = await Tenancy.open();
  await using there = await Tenancy.open();
  const bob = await here.addUser('bob', '--server', 'memory');
  const place = (name: string) => join(bob.user.workspace, name);
  // Holes take time to read, and no space.
  writeFileSync(place('large'), '');
  truncateSync(place('large'), 200_000_000);
  const move = ['user', 'move', 'bob', '--home', there.home, '--yes'];
  const isAsBefore = async () => {
    expect(await here.json(['status'])).toMatchObject({ servers: [{ state: 'running' }] });
    expect(await here.json(['plan'])).toMatchObject({ users: [{ operations: [] }] });
    expect(await there.json(['user', 'list'])).toEqual({ users: [] });
    expect(await there.objects()).toEqual([]);
    expect(readdirSync(there.home)).not.toContain('restoring');
    expect(readdirSync(join(there.home, 'users'))).toEqual([]);
  };

  const narrow = here.with({ inside: ['bash', '-c', 'ulimit -f 100000; exec "$0" "$@"'] });
  expect(await narrow.fails(move)).toMatchObject({ exit: 4, code: 'NO_SPACE' });
  await isAsBefore();

  truncateSync(place('large'), 60 * 2 ** 30);
  const moving = here.start(move);
  const isCopying = () =>
    readdirSync(there.home, { recursive: true }).some((name) => String(name).endsWith('/large'));
  await expect.poll(isCopying, { timeout: 30_000 }).toBe(true);
  moving.kill('SIGINT');
  expect(await once(moving, 'exit')).toEqual([130, null]);
  await isAsBefore();
}, 120_000);
