import { describe, expect, test } from 'vitest';
import { listPorts } from '../../../src/registry/ports.ts';
import { moveBlockedPort, reassignSubnet } from '../../../src/registry/clashes.ts';
import {
  addServer,
  findServer,
  getServer,
  listServers,
  removeServer,
  setDesired,
  settle,
} from '../../../src/registry/servers.ts';
import type { Server, User } from '../../../src/registry/rows.ts';
import type { Registry } from '../../../src/registry/database.ts';
import { removeUser } from '../../../src/registry/users.ts';
import { add, emptyHost, hostWith, temporaryRegistry, thrownBy } from './temporary.ts';

const isPortFree = (): boolean => true;

function serve(registry: Registry, user: User, name: string): Server {
  return addServer(registry, { user, name, template: name, isPortFree });
}

describe('addServer', () => {
  test('gives the lowest port of the block that nobody holds, and gives back a removed one', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const first = addServer(box.registry, {
      user: bob,
      name: 'memory',
      template: 'memory',
      isPortFree: (port) => port !== 20000,
    });
    const second = serve(box.registry, bob, 'filesystem');
    expect([first.port, second.port]).toEqual([20001, 20000]);
    expect(listServers(box.registry, bob.id)).toEqual([second, first]);
    expect(removeServer(box.registry, second.id)).toBe(true);
    expect(removeServer(box.registry, second.id)).toBe(false);
    expect(serve(box.registry, bob, 'everything').port).toBe(20000);
  });

  test('refuses a name the user has, and a server more than the block has ports', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob', hostWith({ ports: { perUser: 2 } }));
    serve(box.registry, bob, 'memory');
    expect(thrownBy(() => serve(box.registry, bob, 'memory'))).toMatchObject({
      code: 'SERVER_EXISTS',
      exitCode: 4,
    });
    serve(box.registry, bob, 'filesystem');
    expect(thrownBy(() => serve(box.registry, bob, 'third'))).toMatchObject({
      code: 'PORTS_EXHAUSTED',
      suggestions: [expect.stringContaining('bob'), expect.stringContaining('ports.perUser')],
    });
    expect(serve(box.registry, add(box.registry, 'alice'), 'memory').name).toBe('memory');
  });

  test('getServer says what the name may have been meant as', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const server = serve(box.registry, bob, 'filesystem');
    expect(getServer(box.registry, bob.id, 'filesystem')).toEqual(server);
    expect(thrownBy(() => getServer(box.registry, bob.id, 'file'))).toMatchObject({
      code: 'SERVER_NOT_FOUND',
      exitCode: 3,
      suggestions: ['Did you mean bob/filesystem?', 'mcpd server list bob'],
    });
  });
});

test('setDesired says whether that is news', () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const { id, desired } = serve(box.registry, bob, 'memory');
  expect(desired).toBe('running');
  expect(setDesired(box.registry, id, 'stopped')).toBe(true);
  expect(setDesired(box.registry, id, 'stopped')).toBe(false);
  expect(findServer(box.registry, bob.id, 'memory')?.desired).toBe('stopped');
});

describe('moveBlockedPort', () => {
  test('gives the next port, and leaves the blocked one alone until its time is over', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const { id } = serve(box.registry, bob, 'memory');
    const until = box.clock.now() + 3_600_000;
    expect(moveBlockedPort(box.registry, id, { until, isPortFree }).port).toBe(20001);
    expect(moveBlockedPort(box.registry, id, { until, isPortFree }).port).toBe(20002);
    expect(listServers(box.registry).map((server) => server.port)).toEqual([20002]);
    box.clock.advanceHours(1);
    expect(serve(box.registry, bob, 'filesystem').port).toBe(20000);
  });

  test('never renumbers a server that was ready once', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const { id } = serve(box.registry, bob, 'memory');
    settle(box.registry, id);
    const error = thrownBy(() => moveBlockedPort(box.registry, id, { until: 9e15, isPortFree }));
    expect(error).toMatchObject({ code: 'PORT_HELD', exitCode: 4 });
    expect(findServer(box.registry, bob.id, 'memory')).toMatchObject({
      port: 20000,
      settled: true,
    });
    expect(listPorts(box.registry)[0]).toMatchObject({ port: 20000, state: 'held' });
  });

  test('changes nothing when the block is used up', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob', hostWith({ ports: { perUser: 1 } }));
    const { id } = serve(box.registry, bob, 'memory');
    expect(
      thrownBy(() => moveBlockedPort(box.registry, id, { until: 9e15, isPortFree })),
    ).toMatchObject({ code: 'PORTS_EXHAUSTED' });
    expect(listPorts(box.registry)).toEqual([
      { port: 20000, user: 'bob', server: 'memory', state: 'held' },
    ]);
  });
});

describe('reassignSubnet', () => {
  test('gives another subnet and withholds the one that clashed', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const until = box.clock.now() + 3_600_000;
    const options = { config: emptyHost.config, takenSubnets: ['10.200.0.16/28'], until };
    const moved = reassignSubnet(box.registry, bob.id, options);
    expect(moved).toEqual({ ...bob, subnet: '10.200.0.32/28' });
    expect(add(box.registry, 'alice').subnet).toBe('10.200.0.16/28');
    box.clock.advanceHours(1);
    expect(add(box.registry, 'carol').subnet).toBe(bob.subnet);
  });

  test('never moves a user one of whose servers was ready', () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    settle(box.registry, serve(box.registry, bob, 'memory').id);
    const options = { config: emptyHost.config, takenSubnets: [], until: 9e15 };
    expect(thrownBy(() => reassignSubnet(box.registry, bob.id, options))).toMatchObject({
      code: 'SUBNET_HELD',
      exitCode: 4,
    });
  });
});

describe('listPorts', () => {
  test('tells held, reserved, blocked and quarantined ports apart', () => {
    using box = temporaryRegistry();
    const three = hostWith({ ports: { perUser: 3 } });
    const bob = add(box.registry, 'bob', three);
    const eve = add(box.registry, 'eve', three);
    const { id } = serve(box.registry, bob, 'memory');
    moveBlockedPort(box.registry, id, { until: box.clock.now() + 1, isPortFree });
    removeUser(box.registry, eve.id, { keepUid: false, config: { quarantineHours: 1 } });
    expect(listPorts(box.registry).map((row) => ({ ...row }))).toEqual([
      { port: 20000, user: 'bob', server: null, state: 'blocked' },
      { port: 20001, user: 'bob', server: 'memory', state: 'held' },
      { port: 20002, user: 'bob', server: null, state: 'reserved' },
      { port: 20003, user: null, server: null, state: 'quarantined' },
      { port: 20004, user: null, server: null, state: 'quarantined' },
      { port: 20005, user: null, server: null, state: 'quarantined' },
    ]);
  });
});

test('the database itself refuses a port in two blocks, and a server outside its user’s block', () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const alice = add(box.registry, 'alice');
  const insertPort = box.registry.db.prepare('INSERT INTO ports (port, user_id) VALUES (?, ?)');
  expect(() => insertPort.run(20000, alice.id)).toThrow(/UNIQUE/);
  const { id } = serve(box.registry, bob, 'memory');
  const movePort = box.registry.db.prepare('UPDATE servers SET port = ? WHERE id = ?');
  expect(() => movePort.run(alice.ports.start, id)).toThrow(/FOREIGN KEY/);
});
