import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { insideServer, inspectServer } from '../support/inside.ts';
import { firstProcessor } from '../support/processors.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';
import { describeTree } from '../support/tree.ts';

interface Restored {
  readonly changed: boolean;
  readonly home: string;
  readonly groups: readonly string[];
  readonly users: readonly {
    readonly user: string;
    readonly uid: number;
    readonly tokens: string;
    readonly servers: readonly { readonly name: string; readonly port: number }[];
    readonly remapped: readonly { readonly what: string }[];
  }[];
}

interface Shown {
  readonly user: AddedUser['user'] & { readonly group: string; readonly egress: string };
  readonly effective: object;
}

const isRoot = process.getuid?.() === 0;
const laboratory = join(import.meta.dirname, '../fixtures/laboratory');
const secret = `first-${randomBytes(18).toString('hex')}`;
const stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'mcpd-backup-'));
const [key, file] = [join(folder, 'backup.key'), join(folder, 'home.age')];
/** What backup and restore have printed. */
let printed = '';
let origin: Tenancy;
let other: Tenancy;
let bob: AddedUser;
let alice: AddedUser;
let restored: Restored;
let filesOfAnna: Record<string, string> = {};

beforeAll(async () => {
  stack.defer(() => rmSync(folder, { recursive: true }));
  origin = stack.use(await Tenancy.open());
  other = stack.use(await Tenancy.open());
  await origin.json(['group', 'create', 'students', '--memory', '200m']);
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, secret);
  const ofBob = ['--server', laboratory, '--secret', `FIRST_KEY=@${secretFile}`];
  const ofAlice = ['--server', 'filesystem', ...(isRoot ? ['--storage', '32m'] : [])];
  [bob, alice] = await Promise.all([
    origin.addUser('bob', ...ofBob, '--group', 'students', '--rate', '90'),
    origin.addUser('alice', ...ofAlice, '--deny-tool', 'move_file'),
  ]);
  rmSync(secretFile);
  fill(bob);
  fill(alice);
  await mcpd(origin, ['backup', 'keygen', key]);
  await mcpd(origin, ['backup', file, '--recipient', recipient()]);
  const result = await mcpd(other, ['restore', file, '--identity', key, '--json']);
  restored = JSON.parse(result) as Restored;
}, 300_000);

afterAll(() => stack.disposeAsync(), 120_000);

/** Runs a command that must succeed, and remembers what it printed. */
async function mcpd(tenancy: Tenancy, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await tenancy.run(args);
  printed += stdout + stderr;
  if (code !== 0) throw new Error(`mcpd ${args.join(' ')} exited with ${code}\n${stdout}${stderr}`);
  return stdout;
}

function recipient(): string {
  return /age1[a-z0-9]+/.exec(readFileSync(key, 'utf8'))?.[0] ?? '';
}

/** Files of all kinds, as a server or an administrator may leave them. */
function fill({ user: { workspace, uid } }: AddedUser): void {
  const at = (name: string) => join(workspace, name);
  mkdirSync(at('folder/deep'), { recursive: true });
  writeFileSync(at('folder/deep/random'), randomBytes(700_000));
  writeFileSync(at('odd\nname "quoted" \\ Schlüssel 🔑'), 'odd');
  writeFileSync(Buffer.concat([Buffer.from(`${workspace}/`), Buffer.from([0x66, 0xff])]), 'bytes');
  writeFileSync(at(`long-${'x'.repeat(200)}`), 'long');
  writeFileSync(at('empty'), '');
  writeFileSync(at('script'), '#!/bin/sh\n', { mode: 0o750 });
  writeFileSync(at('sparse'), 'begin');
  truncateSync(at('sparse'), 5_000_000);
  linkSync(at('script'), at('folder/again'));
  symlinkSync('/etc/passwd', at('link-out'));
  symlinkSync('deep/random', at('folder/link-in'));
  if (isRoot) giveAway(Buffer.from(workspace), uid);
  writeFileSync(at('of-root'), 'of root');
  chmodSync(at('folder/deep'), 0o500);
}

function giveAway(path: Buffer, uid: number): void {
  lchownSync(path, uid, uid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path, { encoding: 'buffer' })) {
    giveAway(Buffer.concat([path, Buffer.from('/'), name]), uid);
  }
}

async function show(tenancy: Tenancy, name: string): Promise<Shown> {
  return tenancy.json<Shown>(['user', 'show', name, '--effective']);
}

async function urlOf(tenancy: Tenancy, name: string): Promise<string> {
  const { servers } = await tenancy.json<Pick<AddedUser, 'servers'>>(['user', 'show', name]);
  return servers[0]?.url ?? '';
}

async function newToken(tenancy: Tenancy, name: string): Promise<string> {
  const created = ['token', 'create', name, '--name', 'test'];
  return (await tenancy.json<{ value: string }>(created)).value;
}

/** What a home and the engine have of it. */
async function stateOf(tenancy: Tenancy): Promise<unknown> {
  const { users } = await tenancy.json<{ users: object[] }>(['user', 'list']);
  const folders = readdirSync(tenancy.home).filter((name) => !name.startsWith('registry.db'));
  return { users, folders, ids: readdirSync(join(tenancy.home, 'users')) };
}

describe('a home restored beside the one that it was backed up from', () => {
  it('has the same files, to the byte, mode, owner, link and name', async () => {
    for (const { user } of [bob, alice]) {
      const before = describeTree(user.workspace, user.uid);
      const there = (await show(other, user.name)).user;
      expect(there.workspace).not.toBe(user.workspace);
      expect(describeTree(there.workspace, there.uid)).toEqual(before);
      expect(Object.keys(before).length).toBeGreaterThan(12);
    }
  });

  it('has the same policies, from the same sources', async () => {
    for (const name of ['bob', 'alice']) {
      const [before, after] = await Promise.all([show(origin, name), show(other, name)]);
      expect(after.effective).toEqual(before.effective);
      expect(after.user.group).toBe(before.user.group);
    }
    expect(restored.groups).toEqual(['students']);
  });

  it('gives its servers the same secrets, while the first home’s servers go on', async () => {
    const places = [
      { url: await urlOf(origin, 'bob'), token: bob.token },
      { url: await urlOf(other, 'bob'), token: await newToken(other, 'bob') },
    ];
    expect(new Set(places.map(({ url }) => url)).size).toBe(2);
    for (const { url, token } of places) {
      await using server = await TestClient.connect(url, token);
      expect(await insideServer(server, () => process.env['FIRST_KEY'])).toBe(secret);
    }
  });

  it('has addresses and uids of its own, and says what is not as it was', async () => {
    for (const { user, uid, tokens, servers, remapped } of restored.users) {
      const before = await show(origin, user);
      expect(servers[0]?.port).not.toBe(
        (await origin.json<AddedUser>(['user', 'show', user])).servers[0]?.port,
      );
      expect((await show(other, user)).user.network.subnet).not.toBe(before.user.network.subnet);
      expect(uid !== before.user.uid).toBe(isRoot);
      expect(remapped.map(({ what }) => what)).toEqual(
        expect.arrayContaining([...(isRoot ? ['uid'] : []), 'ports', 'subnet']),
      );
      expect(tokens).toBe('not kept');
    }
    expect(restored.home).toBe('another');
    await expect(TestClient.connect(await urlOf(other, 'bob'), bob.token)).rejects.toMatchObject({
      code: 401,
    });
  });

  it('has an audit that is as whole as it was', async () => {
    const verified = await other.json<{ intact: boolean; chains: { lines: number }[] }>([
      'audit',
      'verify',
      'bob',
    ]);
    expect(verified.intact).toBe(true);
    expect(verified.chains[0]?.lines).toBeGreaterThan(0);
  });
});

it('neither the backup nor what is printed holds a secret or a key in clear', () => {
  const { d } = JSON.parse(readFileSync(join(origin.home, 'keys/token.jwk'), 'utf8')) as {
    d: string;
  };
  const [identity = ''] = /AGE-SECRET-KEY-\S+/.exec(readFileSync(key, 'utf8')) ?? [];
  const sealed = readFileSync(file);
  expect(sealed.length).toBeGreaterThan(1_400_000);
  for (const needle of [secret, d, identity, bob.token]) {
    expect(needle.length).toBeGreaterThan(20);
    expect(sealed.includes(needle)).toBe(false);
    expect(printed).not.toContain(needle);
  }
});

it('a backup that is damaged, cut off or opened with another key changes nothing', async () => {
  const before = await stateOf(other);
  const sealed = readFileSync(file);
  const [damaged, cut, otherKey] = ['damaged', 'cut', 'other.key'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const changed = Buffer.from(sealed);
  const middle = sealed.length >> 1;
  changed[middle] = (changed[middle] ?? 0) ^ 1;
  writeFileSync(damaged, changed);
  writeFileSync(cut, sealed.subarray(0, sealed.length - 1000));
  await mcpd(other, ['backup', 'keygen', otherKey]);
  const tries = [
    { args: [damaged, '-i', key, '--as', 'carol', '-u', 'bob'], code: 'BACKUP_DAMAGED' },
    { args: [cut, '-i', key, '--as', 'carol', '-u', 'bob'], code: 'BACKUP_DAMAGED' },
    { args: [cut, '-i', key, '--as', 'carol', '-u', 'bob', '--dry-run'], code: 'BACKUP_DAMAGED' },
    { args: [file, '-i', otherKey, '--as', 'carol', '-u', 'bob'], code: 'BACKUP_KEY_WRONG' },
    { args: [file, '-i', key], code: 'USER_EXISTS' },
  ];
  for (const { args, code } of tries) {
    const failure = await other.fails(['restore', ...args]);
    expect(failure.code).toBe(code);
    expect(failure.suggestions.length).toBeGreaterThan(0);
  }
  expect(await stateOf(other)).toEqual(before);
});

it('a template that policy forbids by now is restored for a reason that an administrator gives', async () => {
  await using strict = await Tenancy.open({ policy: { maxRisk: 'low' } });
  const args = ['restore', file, '-i', key, '--user', 'alice', '--dry-run'];
  expect((await strict.fails(args)).code).toBe('RISK_TOO_HIGH');
  const { users } = await strict.json<Restored>([...args, '--approve', 'she had it before']);
  expect(users).toEqual([expect.objectContaining({ user: 'alice' })]);
});

it('who should have processors that are not here is restored with those that are', async () => {
  using db = new DatabaseSync(join(origin.home, 'registry.db'));
  const [policy, limits] = [{ cpuset: `${firstProcessor},1000` }, { cpus: 1000 }];
  db.prepare('UPDATE users SET policy = ?, limits = ? WHERE name = ?').run(
    JSON.stringify(policy),
    JSON.stringify(limits),
    'alice',
  );
  const large = join(folder, 'large.age');
  await mcpd(origin, ['backup', large, '--recipient', recipient()]);
  await using smaller = await Tenancy.open();
  await smaller.json(['restore', large, '-i', key, '--user', 'alice']);
  const { HostConfig } = await inspectServer(smaller, 'alice', 'filesystem');
  expect(HostConfig.CpusetCpus).toBe(firstProcessor);
  expect(HostConfig.NanoCpus).toBe(availableParallelism() * 1e9);
}, 120_000);

it('a restore that is killed can be run again, and leaves nothing of the first', async () => {
  const before = await stateOf(other);
  const sealed = readFileSync(file);
  const args = ['-i', key, '--user', 'bob', '--as', 'carol', '--no-start'];
  const child = other.start(['restore', '-', ...args]);
  child.stdin?.on('error', () => undefined);
  child.stdin?.write(sealed.subarray(0, sealed.length >> 1));
  await expect
    .poll(() => existsSync(join(other.home, 'restoring')), { timeout: 30_000 })
    .toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(await other.json(['gc', '--dry-run'])).toMatchObject({
    removed: expect.arrayContaining([
      expect.objectContaining({ kind: 'restore', name: join(other.home, 'restoring') }),
    ]) as object[],
  });
  await other.json(['restore', file, ...args]);
  await other.json(['user', 'remove', 'carol', '--purge', '--yes']);
  expect(await stateOf(other)).toEqual(before);
}, 60_000);

it('a renamed user keeps address, token and files; a copy has files and no token', async () => {
  const url = await urlOf(origin, 'alice');
  await origin.json(['user', 'rename', 'alice', 'anna']);
  await using files = await TestClient.connect(url, alice.token);
  expect(await files.call('read_text_file', { path: '/workspace/of-root' })).toBe('of root');
  await origin.json(['user', 'copy', 'anna', 'alice', '--no-start']);
  const [anna, copy] = await Promise.all([show(origin, 'anna'), show(origin, 'alice')]);
  expect(anna.user.uid).toBe(alice.user.uid);
  expect(copy.user.network.subnet).not.toBe(anna.user.network.subnet);
  filesOfAnna = describeTree(anna.user.workspace, anna.user.uid);
  expect(describeTree(copy.user.workspace, copy.user.uid)).toEqual(filesOfAnna);
  expect(await origin.json(['token', 'list', 'alice'])).toMatchObject({ tokens: [] });
  await origin.json(['user', 'remove', 'alice', '--purge', '--yes']);
});

it('copies of one user that are made at once don’t wait for each other', async () => {
  const large = join(bob.user.workspace, 'large');
  writeFileSync(large, randomBytes(8_000_000));
  const names = ['copy-a', 'copy-b', 'copy-c', 'copy-d'];
  await Promise.all(
    names.map((name) => origin.json(['user', 'copy', 'bob', name, '--secrets', '--no-start'])),
  );
  const copies = await Promise.all(names.map((name) => show(origin, name)));
  for (const { user } of copies) {
    expect(readFileSync(join(user.workspace, 'large')).equals(readFileSync(large))).toBe(true);
  }
  for (const name of names) await origin.json(['user', 'remove', name, '--purge', '--yes']);
  rmSync(large);
}, 30_000);

it('an empty home takes over from one that is gone: addresses and tokens work on', async () => {
  const url = await urlOf(origin, 'bob');
  await origin.json(['down', '--all', '--yes']);
  const later = ['backup', join(folder, 'later.age'), '-r', recipient(), '--user', 'anna'];
  const { users: read } = await origin.json<{ users: { files: number }[] }>(later);
  expect(read[0]?.files).toBe(Object.keys(filesOfAnna).length);
  const away = `${origin.home}-away`;
  renameSync(origin.home, away);
  try {
    await using heir = await Tenancy.open();
    const { home, users } = await heir.json<Restored>(['restore', file, '-i', key]);
    expect(home).toBe('taken over');
    expect(users.map(({ tokens, remapped }) => ({ tokens, remapped }))).toEqual([
      { tokens: 'kept', remapped: [] },
      { tokens: 'kept', remapped: [] },
    ]);
    await using server = await TestClient.connect(url, bob.token);
    expect(await insideServer(server, () => process.env['FIRST_KEY'])).toBe(secret);
  } finally {
    renameSync(away, origin.home);
  }
}, 120_000);
