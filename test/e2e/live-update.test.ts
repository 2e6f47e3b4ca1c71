import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { systemNft } from '../../src/firewall/nft.ts';
import { firewallState } from '../../src/firewall/state.ts';
import { TestClient } from '../support/client.ts';
import { Disposals } from '../support/disposals.ts';
import { besideServer, inspectServer } from '../support/inside.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { allProcessors, firstProcessor, isSingle } from '../support/processors.ts';
import { snapshot } from '../support/snapshot.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

/** Never says a word. */
const hanging = ['node', '--eval', 'process.stdin.resume()'];

const disposals = new Disposals();
let silent: OwnTemplate;
let tenancy: Tenancy;
let bob: AddedUser;

beforeAll(async () => {
  silent = disposals.add(await OwnTemplate.copyOf('memory', { command: hanging }));
  tenancy = disposals.add(await Tenancy.open());
  bob = await tenancy.addUser('bob');
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

/** The processors that the kernel lets the server run on. */
function processors(): Promise<string> {
  return besideServer(tenancy, 'bob/filesystem', () => {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const status = readFileSync('/proc/1/status', 'utf8');
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  });
}

/** What the kernel holds the server to. */
function memoryLimit(): Promise<string> {
  return besideServer(tenancy, 'bob/filesystem', () => {
    const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
    const legacy = '/sys/fs/cgroup/memory/memory.limit_in_bytes';
    const file = existsSync(legacy) ? legacy : '/sys/fs/cgroup/memory.max';
    return readFileSync(file, 'utf8').trim();
  });
}

async function life(): Promise<object> {
  const { Id, State } = await inspectServer(tenancy, 'bob', 'filesystem');
  return { Id, StartedAt: State.StartedAt };
}

describe('user update', () => {
  it('changes caps of the running container, under a client that stays connected', async () => {
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const before = await life();
    const change = ['user', 'update', 'bob', '--memory', '700m', '--cpus', '0.5', '--pids', '99'];
    const updated = await tenancy.json(change);
    expect(updated).toMatchObject({
      changed: true,
      user: { limits: { memoryBytes: 700 * 2 ** 20, cpus: 0.5, pids: 99 } },
      operations: [
        {
          type: 'server.update',
          subject: 'bob/filesystem',
          cause: 'memory 512m → 700m, cpus 1 → 0.5, pids 256 → 99, live',
        },
      ],
    });
    expect(await memoryLimit()).toBe(String(700 * 2 ** 20));
    expect(await life()).toEqual(before);
    expect(await client.call('list_allowed_directories')).toContain('/workspace');
  });

  it.skipIf(isSingle).each([
    [['--cpuset', firstProcessor], firstProcessor, `cpuset all → ${firstProcessor}, live`],
    [['--unset', 'cpuset'], null, `cpuset ${firstProcessor} → all, live`],
  ])('changes its processors under a client too: %j', async (change, cpuset, cause) => {
    await using client = await TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
    const before = await life();
    expect(await tenancy.json(['user', 'update', 'bob', ...change])).toMatchObject({
      user: { limits: { cpuset } },
      operations: [{ type: 'server.update', cause }],
    });
    expect(await processors()).toBe(cpuset ?? allProcessors);
    expect(await life()).toEqual(before);
    expect(await client.call('list_allowed_directories')).toContain('/workspace');
    expect(await tenancy.run(['plan'])).toMatchObject({ stdout: 'Nothing to do.\n' });
  });

  it('asked again for the same changes nothing', async () => {
    const before = await snapshot(tenancy);
    const again = await tenancy.json(['user', 'update', 'bob', '--memory', '700m']);
    expect(again).toMatchObject({ changed: false, operations: [] });
    expect(await snapshot(tenancy)).toEqual(before);
  });
});

describe('user add, asked again for the same', () => {
  it.each([[], ['--server', 'filesystem'], ['--memory', '700m']])(
    'answers changed: false and gives no token, with %j',
    async (...flags: string[]) => {
      const before = await snapshot(tenancy);
      const again = await tenancy.addUser('bob', ...flags);
      expect(again).toMatchObject({ changed: false, token: null, servers: [{ ready: true }] });
      expect(again.user.id).toBe(bob.user.id);
      expect(await snapshot(tenancy)).toEqual(before);
      expect((await tenancy.run(['user', 'add', 'bob', ...flags])).code).toBe(0);
    },
  );
});

describe('--no-start', () => {
  it('makes everything but starts nothing, until start does', async () => {
    const { servers, token } = await tenancy.addUser('alice', '--no-start');
    expect(servers).toMatchObject([{ state: 'created', ready: false }]);
    expect(token).toMatch(/^eyJ/);
    const added = await tenancy.json(['server', 'add', 'alice/memory', '--no-start']);
    expect(added).toMatchObject({ changed: true, server: { state: 'created', ready: false } });
    expect(await tenancy.json(['up', 'alice'])).toMatchObject({ changed: false });

    const { servers: started } = await tenancy.json<AddedUser>(['start', 'alice']);
    expect(started.map(({ ready }) => ready)).toEqual([true, true]);
    expect(started[0]?.url).toBe(servers[0]?.url);
    await using client = await TestClient.connect(servers[0]?.url ?? '', token);
    expect(await client.call('list_allowed_directories')).toContain('/workspace');
  });
});

describe('plan and up', () => {
  it('say of a healthy home that there is nothing to do', async () => {
    const before = await snapshot(tenancy);
    expect(await tenancy.run(['plan'])).toMatchObject({ code: 0, stdout: 'Nothing to do.\n' });
    expect(await tenancy.json(['up'])).toMatchObject({ changed: false });
    expect(await snapshot(tenancy)).toEqual(before);
  });
});

describe('user update that fails', () => {
  let never: AddedUser['user'];

  beforeAll(async () => {
    const flags = ['--server', silent.folder, '--memory', '512m'];
    await tenancy.fails(['user', 'add', 'never', ...flags, '--timeout', '1s']);
    ({ user: never } = await tenancy.json<AddedUser>(['user', 'show', 'never']));
  });

  const update = ['user', 'update', 'never', '--memory', '700m', '--egress', 'open'];

  /** What the engine and the firewall hold the user to. */
  async function held(): Promise<object> {
    const id = await tenancy.containerOf('never', silent.name);
    const { tenants } = await firewallState(systemNft(), 0);
    return {
      memory: await tenancy.docker('inspect', '--format', '{{.HostConfig.Memory}}', id),
      egress: tenants.get(bridgeName(never.network.subnet)),
    };
  }

  async function expectAsBefore(): Promise<void> {
    expect(await held()).toEqual({ memory: String(512 * 2 ** 20), egress: 'public' });
    const { user } = await tenancy.json<AddedUser>(['user', 'show', 'never']);
    expect(user).toEqual(never);
  }

  it('leaves caps and firewall as they were when a server does not get ready', async () => {
    expect(await tenancy.fails([...update, '--timeout', '1s'])).toMatchObject({ exit: 6 });
    await expectAsBefore();
  });

  it('does so after Ctrl-C too', async () => {
    const updating = tenancy.start([...update, '--timeout', '10m']);
    const ended = once(updating, 'exit');
    const changed = { memory: String(700 * 2 ** 20), egress: 'open' };
    try {
      await expect.poll(held, { timeout: 60_000 }).toEqual(changed);
    } finally {
      updating.kill('SIGINT');
    }
    expect(await ended).toEqual([130, null]);
    await expectAsBefore();
  });
});

it('Ctrl-C while server add waits leaves neither row nor container', async () => {
  const before = await tenancy.objects();
  const adding = tenancy.start(['server', 'add', `bob/${silent.folder}`, '--timeout', '10m']);
  const ended = once(adding, 'exit');
  const state = async () => (await inspectServer(tenancy, 'bob', silent.name)).State;
  try {
    await expect.poll(state, { timeout: 60_000 }).toMatchObject({ Running: true });
  } finally {
    adding.kill('SIGINT');
  }
  expect(await ended).toEqual([130, null]);
  expect(await tenancy.objects()).toEqual(before);
  const { servers } = await tenancy.json<AddedUser>(['user', 'show', 'bob']);
  expect(servers.map(({ name }) => name)).toEqual(['filesystem']);
});
