import { execFile } from 'node:child_process';
import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { addressOf, besideServer, gatewayOf, inspectServer } from '../support/inside.ts';
import { reach, type Target } from '../support/reach.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const text = 'only bob’s: Schlüssel 🔑\r\n\tlast line without end';
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let bob: AddedUser;
let alice: AddedUser;
let bobsFile: string;

beforeAll(async () => {
  tenancy = stack.use(await Tenancy.open());
  [bob, alice] = (await Promise.all(
    ['bob', 'alice'].map((name) => tenancy.addUser(name, '--server', 'filesystem,memory')),
  )) as [AddedUser, AddedUser];
  bobsFile = join(bob.user.workspace, 'diary.txt');
  await using files = await open(bob, 'filesystem');
  await files.call('write_file', { path: '/workspace/diary.txt', content: text });
});

afterAll(() => stack.disposeAsync());

function open({ servers, token }: AddedUser, name: string): Promise<TestClient> {
  return TestClient.connect(urlOf({ servers }, name), token);
}

function urlOf({ servers }: Pick<AddedUser, 'servers'>, name: string): string {
  return servers.find((server) => server.name === name)?.url ?? '';
}

it('gives each user ports, a network, an account and a workspace of their own', () => {
  const parts = [bob, alice].map(({ user, servers }) => [
    user.uid,
    user.workspace,
    user.network.name,
    user.network.subnet,
    ...servers.map(({ url }) => url),
  ]);
  expect(new Set(parts.flat()).size).toBe(12);
});

it('serves both users at once, each from their own files and their own memory', async () => {
  const work = async (user: AddedUser): Promise<unknown> => {
    const { name } = user.user;
    await using files = await open(user, 'filesystem');
    await using memory = await open(user, 'memory');
    const entity = { name, entityType: 'person', observations: [`${name} was here`] };
    for (let round = 0; round < 5; round += 1) {
      const path = `/workspace/round-${round}.txt`;
      await files.call('write_file', { path, content: `${name} ${round}` });
      expect(await files.call('read_text_file', { path })).toBe(`${name} ${round}`);
    }
    await memory.call('create_entities', { entities: [entity] });
    return JSON.parse(await memory.call('read_graph'));
  };
  const [ofBob, ofAlice] = await Promise.all([work(bob), work(alice)]);
  expect(ofBob).toMatchObject({ entities: [{ name: 'bob' }], relations: [] });
  expect(ofAlice).toMatchObject({ entities: [{ name: 'alice' }], relations: [] });
});

it('puts what a server writes on the host, byte for byte, as its user’s own file', async () => {
  expect(await readFile(bobsFile, 'utf8')).toBe(text);
  expect(await stat(bobsFile)).toMatchObject({ uid: bob.user.uid, gid: bob.user.uid });
});

it('keeps a workspace from every other account of the host', async () => {
  // As mcpd makes it: tenants pass through to what is theirs.
  await chmod(tenancy.home, 0o711);
  const read = (uid: number) => promisify(execFile)('cat', [bobsFile], { uid, gid: uid });
  await expect(read(bob.user.uid)).resolves.toMatchObject({ stdout: text });
  await expect(read(alice.user.uid)).rejects.toThrow('Permission denied');
});

/** Where bob's file might be for somebody in alice's container. */
function pathsToBobsFile(): string[] {
  const diary = `${bob.user.id}/workspace/diary.txt`;
  return [
    bobsFile,
    '/workspace/diary.txt',
    `/workspace/../..${bobsFile}`,
    `/workspace/../../${diary}`,
    `../${diary}`,
    `../../${diary}`,
    `/proc/1/root${bobsFile}`,
    `/proc/self/root${bobsFile}`,
    '/workspace/host-link',
    '/workspace/root-link',
    `/workspace/up-link${bobsFile}`,
  ];
}

it('lets alice read or overwrite nothing of bob’s through her file server, by any path', async () => {
  await besideServer(
    tenancy,
    'alice/filesystem',
    (file) => {
      const { symlinkSync } = process.getBuiltinModule('node:fs');
      symlinkSync(file, '/workspace/host-link');
      symlinkSync(`/proc/1/root${file}`, '/workspace/root-link');
      symlinkSync('../..', '/workspace/up-link');
    },
    bobsFile,
  );
  await using files = await open(alice, 'filesystem');
  await files.call('write_file', { path: '/workspace/own.txt', content: 'alice’s' });
  expect(await files.call('read_text_file', { path: '/workspace/own.txt' })).toBe('alice’s');
  for (const path of pathsToBobsFile()) {
    await expect(files.call('read_text_file', { path }), path).rejects.toThrow(
      /denied|not exist|ENOENT/,
    );
    await files.call('write_file', { path, content: 'alice was here' }).catch(() => undefined);
    await files
      .call('move_file', { source: path, destination: '/workspace/mine.txt' })
      .catch(() => undefined);
  }
  expect(await readFile(bobsFile, 'utf8')).toBe(text);
});

it('lets alice’s account in her container reach nothing of bob’s, of her bridge or of the host', async () => {
  const paths = [
    ...pathsToBobsFile().filter((path) => path !== '/workspace/diary.txt'),
    tenancy.home,
    '/run/mcpd/bridge.json',
    '/run/mcpd/tokens.json',
    '/var/log/mcpd',
    '/run/docker.sock',
    '/var/run/docker.sock',
    '/var/lib/docker',
    '/proc/1/environ',
    '/proc/1/cwd',
    '/dev/mem',
  ];
  const [own, ...answers] = await besideServer(tenancy, 'alice/filesystem', readAll, [
    '/workspace/own.txt',
    ...paths,
  ]);
  expect(own).toEqual({ uid: alice.user.uid, content: 'alice’s' });
  const refused = new Set(['ENOENT', 'EACCES', 'EPERM']);
  const reached = answers.map((answer, index) => ({ path: paths[index], ...answer }));
  expect(reached.filter(({ error }) => !refused.has(error ?? ''))).toEqual([]);
});

it('refuses alice’s token at bob’s address, and hers alone', async () => {
  for (const name of ['filesystem', 'memory']) {
    await expect(TestClient.connect(urlOf(bob, name), alice.token)).rejects.toMatchObject({
      code: 401,
    });
    await expect(TestClient.connect(urlOf(alice, name), bob.token)).rejects.toMatchObject({
      code: 401,
    });
    await using own = await open(alice, name);
    await expect(own.client.ping()).resolves.toEqual({});
  }
});

it('lets alice’s container reach no server of bob’s, though it reaches her own', async () => {
  const ofBob = await inspectServer(tenancy, 'bob', 'filesystem');
  const ofAlice = await inspectServer(tenancy, 'alice', 'memory');
  const { port = 0 } = bob.servers[0] ?? {};
  const bobs: Target[] = [
    [addressOf(ofBob), 8080],
    [gatewayOf(ofBob), port],
    [gatewayOf(ofAlice), port],
    ['127.0.0.1', port],
  ];
  const [own, ...answers] = await besideServer(tenancy, 'alice/filesystem', reach, [
    [addressOf(ofAlice), 8080],
    ...bobs,
  ]);
  expect(own).toBe('connected');
  expect(answers).not.toContain('connected');
  // Where this host does reach it: the address is the right one.
  expect(await reach([[addressOf(ofBob), 8080]])).toEqual(['connected']);
});

it('keeps bob’s files when alice is removed with hers, links and all', async () => {
  await tenancy.json(['user', 'remove', 'alice', '--purge', '--yes']);
  await expect(stat(alice.user.workspace)).rejects.toThrow('ENOENT');
  expect(await readFile(bobsFile, 'utf8')).toBe(text);
  await using files = await open(bob, 'filesystem');
  expect(await files.call('read_text_file', { path: 'diary.txt' })).toBe(text);
});

/** What this process reads of each path; a folder's content is its names. */
function readAll(paths: readonly string[]): { uid?: number; content?: string; error?: string }[] {
  const { readFileSync, readdirSync, statSync } = process.getBuiltinModule('node:fs');
  return paths.map((path) => {
    try {
      const isFolder = statSync(path).isDirectory();
      const content = isFolder ? readdirSync(path).join() : readFileSync(path, 'utf8');
      return { uid: process.getuid?.() ?? -1, content };
    } catch (error) {
      return { error: String((error as NodeJS.ErrnoException).code) };
    }
  });
}
