import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disposals } from '../support/disposals.ts';
import { FaultyDocker, type Fault } from '../support/faulty-docker.ts';
import { words } from '../support/lines.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { readRows } from '../support/snapshot.ts';
import { firstProcessor } from '../support/processors.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const disposals = new Disposals();
let tenancy: Tenancy;
let faulty: Tenancy;
let docker: FaultyDocker;

beforeAll(async () => {
  docker = disposals.add(await FaultyDocker.start());
  tenancy = disposals.add(await Tenancy.open({ quarantineHours: 0 }));
  faulty = tenancy.with({ env: docker.env });
  await tenancy.addUser('bob', '--memory=64m');
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

const createContainer = /^POST \/containers\/create$/;
const createNetwork = /^POST \/networks\/create$/;
const start = /^POST \/containers\/[^/]+\/start$/;
const failure = (message: string) => ({ answer: 500, body: JSON.stringify({ message }) });
const conflict = { answer: 409, body: JSON.stringify({ message: 'name is already in use' }) };

interface Case {
  readonly when: string;
  readonly fault: Fault;
  readonly exit: number;
  readonly code: string;
}

const adding: Case[] = [
  {
    when: 'the answer to a container’s creation is lost',
    fault: { call: createContainer, how: 'drop' },
    exit: 5,
    code: 'ENGINE_UNREACHABLE',
  },
  {
    when: 'the answer to a network’s creation is lost',
    fault: { call: createNetwork, how: 'drop' },
    exit: 5,
    code: 'ENGINE_UNREACHABLE',
  },
  {
    when: 'the engine fails to create a container',
    fault: { call: createContainer, how: failure('no space left on device') },
    exit: 1,
    code: 'ENGINE_ERROR',
  },
  {
    when: 'the engine fails to start a container',
    fault: { call: start, how: failure('failed to create shim task') },
    exit: 1,
    code: 'ENGINE_ERROR',
  },
];

describe('user add, undone as a whole', () => {
  it.each(adding)('when $when', async ({ fault, exit, code }) => {
    docker.arm(fault);
    const before = { rows: readRows(tenancy), objects: await tenancy.objects() };
    const error = await faulty.fails(words('user add alice --memory 64m'));
    expect(docker.happened).toBe(true);
    expect(error).toMatchObject({ exit, code });
    expect(error.suggestions).not.toEqual([]);
    expect(error.message).not.toMatch(/HTTP code|at .*\.(ts|js):\d/);
    expect(readRows(tenancy)).toEqual(before.rows);
    expect(await tenancy.objects()).toEqual(before.objects);
  });
});

it.each<[string, Fault]>([
  ['a name that is reserved for a moment', { call: createContainer, how: conflict }],
  ['an answer to a start that is lost', { call: start, how: 'drop' }],
  ['an engine that is slow', { call: start, how: { wait: 1_500 } }],
])('%s costs time and nothing else', async (_, fault) => {
  docker.arm(fault);
  const { servers } = await faulty.addUser('alice', '--memory=64m');
  expect(docker.happened).toBe(true);
  expect(servers).toMatchObject([{ ready: true }]);
  const { user } = await tenancy.json<AddedUser>(words('user show alice'));
  expect(servers[0]?.port).toBe(user.ports.start);
  await tenancy.json(words('user remove alice --purge --yes'));
});

it('a network that the engine still makes for a killed command is taken for what it is', async () => {
  await tenancy.json(words('down bob --yes'));
  const { user: before } = await tenancy.json<AddedUser>(words('user show bob'));
  docker.arm({ call: createNetwork, how: 'twice' });
  expect(await faulty.json(words('up bob'))).toMatchObject({ users: [{ user: 'bob' }] });
  expect(docker.happened).toBe(true);
  const { user } = await tenancy.json<AddedUser>(words('user show bob'));
  expect(user.network).toEqual(before.network);
  expect(await tenancy.objects()).toHaveLength(2);
});

it('an engine that goes away in the middle of an add leaves what up takes away', async () => {
  docker.arm({ call: start, how: 'refuse' });
  const { code, stderr } = await faulty.run(words('user add alice --memory 64m'));
  expect(code).toBe(5);
  expect(stderr).toContain('alice is half made. mcpd up removes what is left.');
  docker.mend();
  expect(await tenancy.objects()).toHaveLength(4);
  expect(await tenancy.json(['up'])).toMatchObject({
    users: [{ user: 'alice', removed: true }, { user: 'bob' }],
  });
  expect(await tenancy.objects()).toHaveLength(2);
});

describe('what a user has', () => {
  it.each<[string, Fault, number]>([
    ['stop bob', { call: /^POST .*\/stop$/, how: 'drop' }, 5],
    ['restart bob', { call: start, how: 'refuse' }, 5],
    ['user update bob --memory 80m', { call: /\/update$/, how: failure('no') }, 1],
    ['user update bob --memory 96m', { call: /\/update$/, how: 'drop' }, 5],
    [`user update bob --cpuset ${firstProcessor}`, { call: /\/update$/, how: 'drop' }, 5],
    ['down bob --yes', { call: /^DELETE \/containers\//, how: 'drop' }, 5],
    ['down bob --yes', { call: /^DELETE \/networks\//, how: failure('has active endpoints') }, 1],
  ])('is whole again with up after %s failed: %o', async (command, fault, exit) => {
    docker.arm(fault);
    const error = await faulty.fails(words(command));
    expect(docker.happened).toBe(true);
    expect(error).toMatchObject({ exit });
    expect(error.suggestions).not.toEqual([]);
    docker.mend();
    await tenancy.json(['up']);
    await tenancy.json(words('start bob'));
    const { users } = await tenancy.json<{ users: object[] }>(['plan']);
    expect(users).toEqual([{ user: 'bob', operations: [], problem: null }]);
    expect(await tenancy.objects()).toHaveLength(2);
  });
});

describe('an image build', () => {
  const build = /^POST \/build$/;
  const full = [
    { stream: 'Step 1/9 : FROM node' },
    { error: 'no space left on device', errorDetail: { message: 'no space left on device' } },
  ];

  it.each<[string, Fault, number, RegExp]>([
    [
      'the disk is full',
      {
        call: build,
        how: { answer: 200, body: full.map((one) => JSON.stringify(one)).join('\n') },
      },
      1,
      /no space left on device\n {2}Step 1\/9/,
    ],
    ['its output breaks off', { call: build, how: { cut: 200 } }, 5, /engine/],
  ])('fails when %s, and the user who needed it is not made', async (_, fault, exit, message) => {
    await using template = await OwnTemplate.copyOf('memory');
    const before = readRows(tenancy);
    docker.arm(fault);
    const error = await faulty.fails(['user', 'add', 'alice', '--server', template.folder]);
    expect(docker.happened).toBe(true);
    expect(error).toMatchObject({ exit, message: expect.stringMatching(message) as string });
    expect(error.suggestions).not.toEqual([]);
    expect(readRows(tenancy)).toEqual(before);
    expect(existsSync(`${tenancy.home}/users/alice`)).toBe(false);
  });
});

/** The host as builds see it. The engine itself doesn't say, before it was started for the second time. */
function builderHost(): string {
  const shown = execFileSync('ip', words('-j -4 address show dev docker0'), { encoding: 'utf8' });
  const [device] = JSON.parse(shown) as { addr_info: { local: string }[] }[];
  return device?.addr_info[0]?.local ?? '';
}

it('Ctrl-C in the first build of an image ends it at once on the engine too, and leaves nothing', async () => {
  await using template = await OwnTemplate.copyOf('memory');
  // Takes connections, and never says a word.
  const packages = createServer().listen();
  const { port } = packages.address() as AddressInfo;
  const before = readRows(tenancy);
  const slow = tenancy.with({ env: { npm_config_registry: `http://${builderHost()}:${port}` } });
  const child = slow.start(['user', 'add', 'alice', '--server', template.folder]);
  const ended = once(child, 'exit');
  const [npm] = (await once(packages, 'connection')) as [Socket];
  const filter = `label=mcpd.template=${template.name}`;
  const builders = () => tenancy.docker('ps', '-aq', '--filter', filter);
  expect(await builders()).not.toBe('');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
  await expect.poll(builders, { timeout: 10_000 }).toBe('');
  npm.destroy();
  packages.close();
  expect(readRows(tenancy)).toEqual(before);
  expect(existsSync(`${tenancy.home}/users/alice`)).toBe(false);
});

it('logs that break off show what came, and then fail', async () => {
  docker.arm({ call: /^GET \/containers\/[^/]+\/logs$/, how: { cut: 40 } });
  const { code, stderr } = await faulty.run(words('logs bob'));
  expect(docker.happened).toBe(true);
  expect(code).toBe(5);
  expect(stderr).not.toMatch(/at .*\.(ts|js):\d/);
});
