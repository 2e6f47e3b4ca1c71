import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemVolumes } from '../../src/storage/volumes.ts';
import { TestClient } from '../support/client.ts';
import { confined } from '../support/confined.ts';
import { besideServer, inspectServer } from '../support/inside.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

interface Shown {
  readonly storage: {
    readonly quotaBytes: number | null;
    readonly usedBytes: number | null;
    readonly enforced: boolean;
  };
  readonly guarantees: { readonly storageEnforced: boolean };
}

interface Effective {
  readonly effective: { readonly user: readonly object[] };
}

const mib = 2 ** 20;
let tenancy: Tenancy;
let bob: AddedUser;

beforeAll(async () => {
  tenancy = await Tenancy.open();
  if (process.getuid?.() === 0) bob = await tenancy.addUser('bob', '--storage', '32m');
}, 300_000);

afterAll(async () => {
  await tenancy[Symbol.asyncDispose]();
  const left = await traces();
  if (left.length > 0) throw new Error(`left behind: ${left.join(' ')}`);
}, 120_000);

/** Mounts below this home, and loop devices of its files. The kernel lets go of a device a moment later. */
async function traces(): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    const mounts = (await systemVolumes(tenancy).mounts()).map(({ folder }) => folder);
    const names = await readdir('/sys/block');
    const files = names.map((name) =>
      readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => ''),
    );
    const found = [...mounts, ...(await Promise.all(files))]
      .map((path) => path.trim())
      .filter((path) => path.startsWith(tenancy.home));
    if (found.length === 0 || tries === 50) return found;
    await delay(100);
  }
}

/** Writes files through the file server until it fails; gives what its client was told. */
async function fill(client: TestClient): Promise<string> {
  const content = 'x'.repeat(2 * mib);
  for (let index = 0; index < 100; index += 1) {
    const path = `/workspace/${index}`;
    const failure = await client.call('write_file', { path, content }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (failure !== undefined) return failure;
  }
  throw new Error('it never got full');
}

function show(user = 'bob'): Promise<Shown> {
  return tenancy.json<Shown>(['user', 'show', user]);
}

function contentOf(user: AddedUser, name: string): Promise<string> {
  return readFile(join(user.user.workspace, name), 'utf8');
}

// Root may resize a file system in use; in some containers it lacks that capability.
async function mayGrowLive(): Promise<boolean> {
  const [, capabilities = '0'] =
    /CapEff:\s*(\w+)/.exec(await readFile('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${capabilities}`) >> 24n) & 1n) === 1n;
}

describe.skipIf(process.getuid?.() !== 0)('a storage quota, as root', () => {
  it('is an error to the tool call that meets it, and to nobody else', async () => {
    const alice = await tenancy.addUser('alice');
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    await using neighbour = await TestClient.connect(alice.servers[0]?.url ?? '', alice.token);
    expect(await fill(client)).toContain('ENOSPC');
    await neighbour.call('write_file', { path: '/workspace/note', content: 'written' });
    expect(await contentOf(alice, 'note')).toBe('written');
    expect(await client.call('list_directory', { path: '/workspace' })).toContain('[FILE] 0');
    const { storage, guarantees } = await show();
    expect(storage).toMatchObject({ quotaBytes: 32 * mib, enforced: true });
    expect(storage.usedBytes).toBeGreaterThan(30 * mib);
    expect(guarantees.storageEnforced).toBe(true);
    expect(await tenancy.json(['stats', 'bob'])).toMatchObject({ servers: [{ storage }] });
    const { rows } = await tenancy.json<{ rows: object[] }>(['report', '--all']);
    const { quotaBytes, usedBytes } = storage;
    const ofBob = { name: 'bob', storageBytes: usedBytes, storageQuotaBytes: quotaBytes };
    expect(rows).toContainEqual(expect.objectContaining(ofBob));
  });

  it('grows, and what failed works', async () => {
    const before = await inspectServer(tenancy, 'bob', 'filesystem');
    expect(await tenancy.json(['user', 'update', 'bob', '--storage', '64m'])).toMatchObject({
      changed: true,
      user: { storageBytes: 64 * mib },
    });
    const after = await inspectServer(tenancy, 'bob', 'filesystem');
    expect(after.Id).toBe(before.Id);
    const wentOn = after.State.StartedAt === before.State.StartedAt;
    expect(wentOn).toBe(await mayGrowLive());
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    await client.call('write_file', { path: '/workspace/note', content: 'at last' });
    expect(await contentOf(bob, 'note')).toBe('at last');
  });

  it('smaller than what is in the workspace is refused, and the server goes on', async () => {
    const before = await inspectServer(tenancy, 'bob', 'filesystem');
    const failure = await tenancy.fails(['user', 'update', 'bob', '--storage', '16m']);
    expect(failure).toMatchObject({ exit: 8, code: 'STORAGE_TOO_SMALL' });
    expect(failure.message).toMatch(/2\dMiB are in the workspace, and 16MiB have room for/);
    const { Id, State } = await inspectServer(tenancy, 'bob', 'filesystem');
    expect({ Id, State }).toEqual({ Id: before.Id, State: before.State });
    expect((await show()).storage.quotaBytes).toBe(64 * mib);
  });

  it('leaves no place to write to while its file system is not mounted; up mounts it again', async () => {
    await tenancy.json(['stop', 'bob']);
    await systemVolumes(tenancy).unmount(bob.user.workspace);
    // As the engine itself may start it.
    await tenancy.docker('start', await tenancy.containerOf('bob', 'filesystem'));
    const written = besideServer(tenancy, 'bob/filesystem', () => {
      process.getBuiltinModule('node:fs').writeFileSync('/workspace/stray', '');
      return null;
    });
    await expect(written).rejects.toThrow('EACCES');
    expect(await readdir(bob.user.workspace)).toEqual([]);
    expect(await tenancy.json(['plan', 'bob'])).toMatchObject({
      users: [{ operations: [{ type: 'storage.mount' }, { type: 'server.stop' }] }],
    });
    await tenancy.json(['start', 'bob']);
    expect(await contentOf(bob, 'note')).toBe('at last');
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const path = '/workspace/note';
    expect(await client.call('read_text_file', { path })).toContain('at last');
  });

  it('is mounted by mcpd prepare before the engine starts anything, and under nothing that runs', async () => {
    const asUnit = tenancy.with({ inside: confined });
    const prepare = () => asUnit.json(['prepare', 'bob']);
    expect(await prepare()).toMatchObject({ users: [{ outcome: 'running', changed: false }] });
    const id = await tenancy.containerOf('bob', 'filesystem');
    await tenancy.docker('kill', id);
    await systemVolumes(tenancy).unmount(bob.user.workspace);
    expect(await prepare()).toMatchObject({ users: [{ outcome: 'prepared', changed: true }] });
    await tenancy.docker('start', id);
    expect(await tenancy.json(['up', 'bob'])).toMatchObject({ changed: false });
    await tenancy.json(['start', 'bob']);
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const path = '/workspace/note';
    expect(await client.call('read_text_file', { path })).toContain('at last');
  });

  it('given to a user who has files keeps them, though the command was killed while they moved', async () => {
    const { user } = await tenancy.addUser('carol');
    const files = Array.from({ length: 3000 }, (_, index) => `file-${index}`);
    await mkdir(join(user.workspace, 'many'));
    await Promise.all(files.map((name) => writeFile(join(user.workspace, 'many', name), name)));
    const folder = dirname(user.workspace);
    const kills = [
      ['64m', 'staged'],
      ['0', 'staged'],
      ['64m', 'workspace.img'],
    ] as const;
    for (const [size, reached] of kills) {
      const update = tenancy.start(['user', 'update', 'carol', '--storage', size]);
      const ended = once(update, 'exit');
      while (!existsSync(join(folder, reached)) && update.exitCode === null) await delay(1);
      update.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
      // Whatever copies for it may still be at work for a moment.
      await expect
        .poll(() => tenancy.run(['up', 'carol']).then(({ code }) => code), { timeout: 20_000 })
        .toBe(0);
      const names = await readdir(join(user.workspace, 'many'));
      expect(names.toSorted()).toEqual(files.toSorted());
    }
    expect((await show('carol')).storage).toMatchObject({ quotaBytes: 64 * mib, enforced: true });
    expect((await readdir(folder)).toSorted()).toEqual(['logs', 'workspace', 'workspace.img']);
  }, 60_000);

  it('ends with down, and its files stay', async () => {
    await tenancy.json(['down', 'bob', 'carol', '--yes']);
    expect(await traces()).toEqual([]);
    expect(await readdir(bob.user.workspace)).toEqual([]);
    await tenancy.json(['up', 'bob']);
    expect(await contentOf(bob, 'note')).toBe('at last');
  });

  it('ends with its user: kept files are in a plain folder, which a new user can have', async () => {
    await tenancy.json(['user', 'remove', 'bob', '--yes']);
    expect(await readdir(dirname(bob.user.workspace))).toEqual(['workspace']);
    expect(await contentOf(bob, 'note')).toBe('at last');
    const again = await tenancy.addUser('bob', '--workspace', bob.user.workspace);
    expect(again.user.uid).toBe(bob.user.uid);
  });

  it('is refused for a folder of somebody’s own, and a default is only measured there', async () => {
    const root = await mkdtemp('/srv/mcpd-test-');
    try {
      await using other = await Tenancy.open({
        limits: { storage: '32m' },
        workspaceRoots: [root],
      });
      const asked = ['user', 'add', 'dave', '--workspace', join(root, 'dave')];
      expect(await other.fails([...asked, '--storage', '32m'])).toMatchObject({
        exit: 8,
        code: 'STORAGE_NOT_ENFORCEABLE',
      });
      await other.json([...asked, '--no-start']);
      await writeFile(join(root, 'dave/file'), 'x'.repeat(mib));
      const { storage, guarantees } = await other.json<Shown>(['user', 'show', 'dave']);
      expect(storage).toMatchObject({ quotaBytes: 32 * mib, enforced: false });
      expect(storage.usedBytes).toBeGreaterThanOrEqual(mib);
      expect(guarantees.storageEnforced).toBe(false);
      const { stdout } = await other.run(['user', 'show', 'dave']);
      expect(stdout).toContain('of 32MiB (not enforced)');

      // A group's is refused for this one alone.
      await other.json(['group', 'create', 'students']);
      await other.json(['user', 'add', 'erin', '--no-start']);
      await other.json(['group', 'add', 'students', 'dave', 'erin']);
      const failure = await other.fails(['group', 'update', 'students', '--storage', '48m']);
      expect(failure).toMatchObject({ exit: 7, code: 'PARTIAL_FAILURE' });
      expect(failure.message).toContain('1 of 2 users failed:\n  dave: ');
      const erin = await other.json<Shown & Effective>(['user', 'show', 'erin', '--effective']);
      expect(erin.storage).toMatchObject({ quotaBytes: 48 * mib, enforced: true });
      const row = { setting: 'storage', value: 48 * mib, from: 'group' };
      expect(erin.effective.user).toContainEqual(row);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
