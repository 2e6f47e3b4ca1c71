import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Observed } from '../../../src/reconcile/observed.ts';
import { surveyUsers } from '../../../src/reconcile/survey.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { listServers } from '../../../src/registry/servers.ts';
import { findUser, getUser, removeUser, updateUser } from '../../../src/registry/users.ts';
import { keepVersion } from '../../../src/registry/versions.ts';
import { findTemplate } from '../../../src/templates/catalog.ts';
import { planUsers } from '../../../src/user/plan-users.ts';
import { bringUp, takeDown } from '../../../src/user/up-down.ts';
import { add } from '../registry/temporary.ts';
import { settledHome } from './settled-home.ts';

const names = ['ann', 'bob', 'cid', 'dan', 'eve'];
function withoutBob({ networks, servers }: Observed): Observed {
  return {
    networks: networks.filter(({ user }) => user !== 'bob'),
    servers: servers.filter(({ user }) => user !== 'bob'),
  };
}

const up = { names: [], waitMs: undefined, parallel: 2 };

test('plan and up look at the engine once for everybody, and do nothing where nothing is to be done', async () => {
  using home = await settledHome(names);
  const { users } = await planUsers(home.context, []);
  expect(users).toEqual(names.map((user) => ({ user, operations: [], problem: null })));
  expect(await bringUp(home.context, up)).toMatchObject({ changed: false });
  expect(home.scopes).toEqual([undefined, undefined]);
  expect(home.done()).toEqual([]);
});

test('up looks again, and acts, only for those who have something to be done', async () => {
  using home = await settledHome(names);
  home.observe(({ networks, servers }) => ({
    networks,
    servers: servers.filter(({ user }) => user !== 'cid'),
  }));
  const { changed, users } = await bringUp(home.context, up);
  expect(changed).toBe(true);
  expect(users.map(({ user, operations }) => [user, operations.length])).toEqual([
    ['ann', 0],
    ['bob', 0],
    ['cid', 2],
    ['dan', 0],
    ['eve', 0],
  ]);
  expect(home.done()).toEqual(['server.create cid/filesystem', 'server.start cid/filesystem']);
  const { id } = getUser(home.context.registry, 'cid');
  expect(new Set(home.scopes)).toEqual(new Set([undefined, id]));
});

test('up notes that a server runs whose start was not noted: its address is then its own', async () => {
  using home = await settledHome(names);
  const { registry } = home.context;
  registry.db.exec('UPDATE servers SET settled = 0');
  expect(await bringUp(home.context, { ...up, names: ['bob'] })).toMatchObject({ changed: false });
  const settled = listServers(registry).map((server) => [server.userId, server.settled]);
  expect(settled.filter(([, isSettled]) => isSettled)).toEqual([
    [getUser(registry, 'bob').id, true],
  ]);
});

test('a server that runs and was never seen ready is noticed', async () => {
  using home = await settledHome(names);
  const { registry, assets } = home.context;
  const bob = getUser(registry, 'bob');
  const isUnproven = async () => {
    const [outlook] = await surveyUsers(home.context, [bob], undefined);
    return outlook?.status === 'fulfilled' && outlook.value.unproven;
  };
  expect(await isUnproven()).toBe(true);
  const made = { template: await findTemplate('filesystem', assets), image: 'sha256:aaa' };
  for (const { id } of listServers(registry, bob.id)) keepVersion(registry, id, made);
  expect(await isUnproven()).toBe(false);
});

test('of one user only their own objects are listed', async () => {
  using home = await settledHome(names);
  await planUsers(home.context, ['bob']);
  expect(home.scopes).toEqual([getUser(home.context.registry, 'bob').id]);
});

test('run-time files that are not what the registry says are written again, and told', async () => {
  using home = await settledHome(names);
  const folder = home.runtimeOf('bob');
  rmSync(join(folder, 'policy.json'));
  rmSync(join(folder, 'tokens.json'));
  writeFileSync(join(folder, 'tokens.json'), '{');
  const operations = [
    {
      type: 'files.write',
      subject: 'bob/filesystem',
      cause: 'not what the registry says: policy.json, tokens.json',
    },
  ];
  expect((await planUsers(home.context, ['bob'])).users).toMatchObject([{ operations }]);
  expect((await bringUp(home.context, up)).users[1]).toMatchObject({ operations });
  expect((await planUsers(home.context, [])).users[1]).toMatchObject({ operations: [] });
});

test('up brings back who is down, although nothing is missing, and plan says so', async () => {
  using home = await settledHome(names);
  const { registry } = home.context;
  updateUser(registry, getUser(registry, 'bob').id, { down: true });
  home.observe(withoutBob);
  const [plan] = (await planUsers(home.context, ['bob'])).users;
  const { users } = await bringUp(home.context, up);
  expect(home.done()[0]).toMatch(/^network.create/);
  expect(plan).toMatchObject({ operations: users[1]?.operations });
});

test('up --leave-down finishes what a killed down began, and is done with who is down', async () => {
  using home = await settledHome(names);
  const { registry } = home.context;
  const bob = getUser(registry, 'bob');
  updateUser(registry, bob.id, { down: true });
  const leaveDown = { ...up, leaveDown: true };
  expect((await bringUp(home.context, leaveDown)).users).toMatchObject([
    { user: 'ann' },
    { user: 'bob', operations: [{ type: 'server.remove' }, { type: 'network.remove' }] },
    { user: 'cid' },
    { user: 'dan' },
    { user: 'eve' },
  ]);
  expect(getUser(registry, 'bob').down).toBe(true);
  home.observe(withoutBob);
  const { users } = await bringUp(home.context, leaveDown);
  expect(users.map(({ user }) => user)).toEqual(['ann', 'cid', 'dan', 'eve']);
});

test('up --leave-down takes away the run-time files that a killed down left', async () => {
  using home = await settledHome(names);
  const { registry } = home.context;
  updateUser(registry, getUser(registry, 'bob').id, { down: true });
  const folder = home.runtimeOf('bob');
  home.observe(withoutBob);
  expect(existsSync(folder)).toBe(true);
  await bringUp(home.context, { ...up, leaveDown: true });
  expect(existsSync(folder)).toBe(false);
});

test('up --leave-down removes who is down and over', async () => {
  using home = await settledHome(names);
  const { registry, clock } = home.context;
  const bob = getUser(registry, 'bob');
  const leaveDown = { ...up, leaveDown: true };
  updateUser(registry, bob.id, { down: true });
  home.observe(withoutBob);
  await bringUp(home.context, leaveDown);
  updateUser(registry, bob.id, { expiresAt: clock.now() });
  const { users } = await bringUp(home.context, leaveDown);
  expect(users.filter(({ removed }) => removed).map(({ user }) => user)).toEqual(['bob']);
  expect(findUser(registry, 'bob')).toBeUndefined();
});

test('who can’t be planned for doesn’t stop the others', async () => {
  using home = await settledHome(names);
  const { registry } = home.context;
  const { id } = getUser(registry, 'bob');
  registry.db.prepare('UPDATE servers SET template = ? WHERE user_id = ?').run('/gone', id);
  const { users } = await planUsers(home.context, []);
  expect(users[1]).toMatchObject({ user: 'bob', problem: 'There is no template.json in /gone.' });
  expect(users[2]).toMatchObject({ user: 'cid', problem: null });
  await expect(bringUp(home.context, up)).rejects.toThrow(
    '1 of 5 users failed:\n  bob: There is no template.json in /gone.',
  );
});

test('who has a profile that can’t be enforced any more is not passed over: plan says so, and up fails', async () => {
  using home = await settledHome(names);
  const { registry } = home.context;
  const egress = { profile: 'allow', targets: ['192.0.2.1:443'] } as const;
  updateUser(registry, getUser(registry, 'bob').id, { egress });
  const { users } = await planUsers(home.context, []);
  const problem = "The egress profile allow can't be enforced: the setting firewall is off.";
  expect(users[1]).toMatchObject({ user: 'bob', problem });
  await expect(bringUp(home.context, up)).rejects.toThrow(
    `1 of 5 users failed:\n  bob: ${problem}`,
  );
});

test('who is removed while up brings up everybody is no failure', async () => {
  using home = await settledHome(names);
  const { registry, config } = home.context;
  const engine = await home.context.engine();
  const context: Context = {
    ...home.context,
    engine: async () => ({
      ...engine,
      observe: async (scope) => {
        const bob = findUser(registry, 'bob');
        if (bob) removeUser(registry, bob.id, { keepUid: false, config });
        return engine.observe(scope);
      },
    }),
  };
  const { changed, users } = await bringUp(context, up);
  expect({ changed, bob: users[1] }).toMatchObject({ changed: false, bob: { operations: [] } });
});

test('who gets another name while everybody is taken down is not passed over, and who takes the old one is not meant', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { registry, progress } = home.context;
  const { id } = getUser(registry, 'bob');
  const context: Context = {
    ...home.context,
    progress: {
      ...progress,
      beside: () => {
        renameUser(registry, id, 'robert');
        add(registry, 'bob');
        return progress;
      },
    },
  };
  await takeDown(context, { names: [], parallel: 1 });
  const down = ['ann', 'bob', 'robert'].map((name) => getUser(registry, name).down);
  expect(down).toEqual([true, false, true]);
});
