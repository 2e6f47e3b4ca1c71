import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/registry/database.ts';
import { leaveUid } from '../../../src/registry/quarantine.ts';
import {
  addUser,
  findUser,
  getUser,
  listUsers,
  removeUser,
  updateUser,
} from '../../../src/registry/users.ts';
import {
  add,
  emptyHost,
  hostWith,
  temporaryHome,
  temporaryRegistry,
  thrownBy,
} from './temporary.ts';

const day = { quarantineHours: 24 };

describe('addUser', () => {
  test('gives each user the next block, subnet and uid, and a folder of its own', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const alice = add(box.registry, 'alice');
    expect(bob).toMatchObject({
      name: 'bob',
      uid: 200000,
      gid: 200000,
      ports: { start: 20000, end: 20009 },
      subnet: '10.200.0.0/28',
      workspace: join(box.home.users, bob.id, 'workspace'),
      workspaceManaged: true,
    });
    expect(alice).toMatchObject({
      uid: 200001,
      ports: { start: 20010, end: 20019 },
      subnet: '10.200.0.16/28',
    });
    expect(listUsers(box.registry)).toEqual([alice, bob]);
    expect(findUser(box.registry, 'bob')).toEqual(bob);
  });

  test('keeps clear of held ports, of routes and networks, and of accounts', () => {
    using box = temporaryRegistry();
    const user = add(
      box.registry,
      'bob',
      hostWith(
        {},
        {
          isPortFree: (port) => port > 20009,
          takenSubnets: ['10.200.0.0/24'],
          takenUids: [{ first: 150000, last: 200001 }],
        },
      ),
    );
    expect(user).toMatchObject({ ports: { start: 20010 }, subnet: '10.200.1.0/28', uid: 200002 });
  });

  test('another home begins elsewhere in the ranges', () => {
    using home = temporaryHome();
    using registry = openRegistry(home);
    const user = add(registry, 'bob');
    expect((user.ports.start - 20000) % 10).toBe(0);
    const again = add(registry, 'alice');
    expect(again.ports.start).not.toBe(user.ports.start);
  });

  test('refuses a name that is taken or no name, a root uid, and a uid or workspace of another', () => {
    using box = temporaryRegistry();
    const bob = addUser(
      box.registry,
      {
        name: 'bob',
        uid: 1234,
        gid: 99,
        workspace: '/srv/bob',
        limits: {},
        egress: { profile: 'none' },
      },
      emptyHost,
    );
    expect(bob).toMatchObject({ uid: 1234, gid: 99, workspaceManaged: false });
    const attempt = (more: object): unknown =>
      thrownBy(() =>
        addUser(
          box.registry,
          { name: 'eve', limits: {}, egress: { profile: 'none' }, ...more },
          emptyHost,
        ),
      );
    expect(attempt({ name: 'bob' })).toMatchObject({ code: 'USER_EXISTS', exitCode: 4 });
    expect(attempt({ name: 'Bob' })).toMatchObject({ code: 'USER_NAME_INVALID', exitCode: 2 });
    expect(attempt({ name: 'b'.repeat(32) })).toMatchObject({ code: 'USER_NAME_INVALID' });
    expect(attempt({ uid: 0 })).toMatchObject({ code: 'ROOT_TENANT', exitCode: 8 });
    expect(attempt({ uid: 1234 })).toMatchObject({ code: 'UID_TAKEN', exitCode: 4 });
    expect(attempt({ workspace: '/srv/bob/inner' })).toMatchObject({ code: 'WORKSPACE_TAKEN' });
    expect(attempt({ workspace: '/srv' })).toMatchObject({ code: 'WORKSPACE_TAKEN' });
    expect(listUsers(box.registry).map((user) => user.name)).toEqual(['bob']);
  });

  test('a shared uid serves several users', () => {
    using box = temporaryRegistry();
    for (const name of ['bob', 'alice']) {
      const request = { name, uid: 1000, sharedUid: true, limits: {} };
      addUser(box.registry, { ...request, egress: { profile: 'open' } }, emptyHost);
    }
    expect(listUsers(box.registry).map((user) => user.uid)).toEqual([1000, 1000]);
  });

  test('says which setting to change when ports, subnets or uids are used up, and adds nothing', () => {
    const cases = [
      {
        settings: { ports: { start: 20000, end: 20019 } },
        code: 'PORTS_EXHAUSTED',
        key: 'ports.end',
      },
      {
        settings: { subnets: { pool: '10.200.0.0/27' } },
        code: 'SUBNETS_EXHAUSTED',
        key: 'subnets.pool',
      },
      { settings: { uids: { start: 2000, end: 2001 } }, code: 'UIDS_EXHAUSTED', key: 'uids.end' },
    ];
    for (const { settings, code, key } of cases) {
      using box = temporaryRegistry();
      add(box.registry, 'bob', hostWith(settings));
      add(box.registry, 'alice', hostWith(settings));
      const error = thrownBy(() => add(box.registry, 'eve', hostWith(settings)));
      expect(error).toMatchObject({ code, exitCode: 4 });
      expect(JSON.stringify(error)).toContain(key);
      expect(findUser(box.registry, 'eve')).toBeUndefined();
    }
  });
});

describe('getUser', () => {
  test('says what the name may have been meant as', () => {
    using box = temporaryRegistry();
    for (const name of ['alice', 'bob', 'carol']) add(box.registry, name);
    expect(thrownBy(() => getUser(box.registry, 'bobb'))).toMatchObject({
      code: 'USER_NOT_FOUND',
      exitCode: 3,
      suggestions: ['Did you mean bob?', 'mcpd user list'],
    });
  });
});

describe('updateUser', () => {
  test('changes what is named and leaves the rest', () => {
    using box = temporaryRegistry();
    const { id } = add(box.registry, 'bob');
    updateUser(box.registry, id, { limits: { cpus: 2, pids: 64 }, down: true });
    updateUser(box.registry, id, { limits: { cpus: null, memoryBytes: 1024 } });
    const user = updateUser(box.registry, id, { egress: { profile: 'none' }, expiresAt: 5 });
    expect(user).toMatchObject({
      limits: { pids: 64, memoryBytes: 1024 },
      egress: { profile: 'none' },
      expiresAt: 5,
      down: true,
    });
    expect(user.limits).not.toHaveProperty('cpus');
    expect(getUser(box.registry, 'bob')).toEqual(user);
  });
});

describe('quarantine', () => {
  test('what a removed user had is withheld until its time is over', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    removeUser(box.registry, bob.id, { keepUid: false, config: day });
    const early = add(box.registry, 'early');
    expect(early).toMatchObject({ uid: 200001, ports: { start: 20010 }, subnet: '10.200.0.16/28' });
    box.clock.advanceHours(24);
    const late = add(box.registry, 'late');
    expect(late).toMatchObject({ uid: bob.uid, ports: bob.ports, subnet: bob.subnet });
  });

  test('is skipped when the settings say zero hours', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    removeUser(box.registry, bob.id, { keepUid: false, config: { quarantineHours: 0 } });
    expect(add(box.registry, 'alice').subnet).toBe(bob.subnet);
  });

  test('a uid that went to another home is nobody else’s for as long as its workspace there exists', () => {
    using box = temporaryRegistry();
    using elsewhere = temporaryHome();
    const bob = add(box.registry, 'bob');
    mkdirSync(elsewhere.root, { recursive: true });
    leaveUid(box.registry, bob, elsewhere.root);
    removeUser(box.registry, bob.id, { keepUid: false, config: day });
    box.clock.advanceHours(1000);
    expect(add(box.registry, 'alice')).toMatchObject({ uid: 200001, ports: bob.ports });
    rmSync(elsewhere.root, { recursive: true });
    expect(add(box.registry, 'eve').uid).toBe(bob.uid);
  });

  test('a uid stays reserved while the workspace left behind exists, and goes with it to its next user', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    mkdirSync(bob.workspace, { recursive: true });
    removeUser(box.registry, bob.id, { keepUid: true, config: day });
    box.clock.advanceHours(1000);
    const alice = add(box.registry, 'alice');
    expect(alice).toMatchObject({ uid: 200001, ports: bob.ports });

    const request = { limits: {}, egress: { profile: 'public' }, adoptUid: bob.uid } as const;
    const thief = addUser(
      box.registry,
      { ...request, name: 'thief', workspace: '/srv/thief' },
      emptyHost,
    );
    expect(thief.uid).toBe(200002);

    const heir = addUser(
      box.registry,
      { ...request, name: 'heir', workspace: bob.workspace },
      emptyHost,
    );
    expect(heir).toMatchObject({ uid: bob.uid, gid: bob.uid, workspaceManaged: true });
    removeUser(box.registry, heir.id, { keepUid: true, config: day });
    box.clock.advanceHours(1000);
    expect(add(box.registry, 'carol').uid).toBe(200003);
    rmSync(bob.workspace, { recursive: true });
    expect(add(box.registry, 'dave').uid).toBe(bob.uid);
  });

  test('a shared uid is not withheld', () => {
    using box = temporaryRegistry();
    const request = { name: 'bob', uid: 1000, sharedUid: true, limits: {} };
    const open = { profile: 'open' } as const;
    const bob = addUser(box.registry, { ...request, egress: open }, emptyHost);
    removeUser(box.registry, bob.id, { keepUid: true, config: day });
    expect(addUser(box.registry, { ...request, egress: open }, emptyHost).uid).toBe(1000);
  });
});

test('a thousand users are added and listed in time', () => {
  using box = temporaryRegistry();
  const host = hostWith({});
  box.registry.transaction(() => {
    for (let index = 0; index < 1000; index += 1) add(box.registry, `user-${index}`, host);
  });
  const users = listUsers(box.registry);
  for (const key of ['uid', 'subnet', 'workspace'] as const) {
    expect(new Set(users.map((user) => user[key])).size).toBe(1000);
  }
  expect(new Set(users.map((user) => user.ports.start)).size).toBe(1000);
  const began = performance.now();
  listUsers(box.registry);
  expect(performance.now() - began).toBeLessThan(200);
});
