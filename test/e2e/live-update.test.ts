import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { besideServer, inspectServer } from '../support/inside.ts';
import { snapshot } from '../support/snapshot.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

let tenancy: Tenancy;
let bob: AddedUser;

beforeAll(async () => {
  tenancy = await Tenancy.open();
  bob = await tenancy.addUser('bob');
}, 300_000);

afterAll(() => tenancy[Symbol.asyncDispose](), 120_000);

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
