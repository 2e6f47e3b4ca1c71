import { describe, expect, test } from 'vitest';
import { isBlockFree, isSubnetFree, isUidFree } from '../../../src/registry/allocation.ts';
import { quarantine } from '../../../src/registry/quarantine.ts';
import type { Surroundings } from '../../../src/registry/reservations.ts';
import { addServer } from '../../../src/registry/servers.ts';
import type { Former } from '../../../src/registry/user-request.ts';
import { addUser } from '../../../src/registry/users.ts';
import { add, emptyHost, temporaryRegistry, type TemporaryRegistry } from './temporary.ts';

const former: Former = {
  id: 'ubbbbbbbbbb',
  uid: 200500,
  ports: { start: 20505, end: 20514 },
  subnet: '10.200.9.0/28',
};

function restore({ registry }: TemporaryRegistry, world: Surroundings = emptyHost) {
  return addUser(registry, { name: 'bob', limits: {}, former }, world);
}

test('a restored user has what they had, where nobody has it', () => {
  using box = temporaryRegistry();
  expect(restore(box)).toMatchObject({ ...former, gid: former.uid });
});

test('what is taken here is replaced, each by itself', () => {
  using box = temporaryRegistry();
  const until = box.clock.now() + 1;
  quarantine(box.registry, { kind: 'ports', value: '20510-20519', until, path: null });
  expect(restore(box)).toMatchObject({ ...former, ports: { start: 20000, end: 20009 } });
});

test('subnets of the host’s networks and uids of its accounts are taken', () => {
  using box = temporaryRegistry();
  const world = {
    ...emptyHost,
    takenSubnets: ['10.200.8.0/22'],
    takenUids: [{ first: 200500, last: 200500 }],
  };
  const { uid, subnet, ports } = restore(box, world);
  expect({ uid, subnet, ports }).toEqual({
    uid: 200000,
    subnet: '10.200.0.0/28',
    ports: former.ports,
  });
});

test('a uid that is withheld for a restore is nobody’s until its folder is gone', () => {
  using box = temporaryRegistry();
  const until = box.clock.now();
  quarantine(box.registry, { kind: 'uid', value: '200000', until, path: box.home.root });
  expect(add(box.registry, 'alice').uid).toBe(200001);
});

test('a server keeps its port where it is in the block and free', () => {
  using box = temporaryRegistry();
  const user = restore(box);
  const ask = (name: string, port: number, isPortFree = () => true) =>
    addServer(box.registry, { user, name, template: name, port, isPortFree }).port;
  expect(ask('a', 20507)).toBe(20507);
  expect(ask('b', 20507)).toBe(20505);
  expect(ask('c', 30000)).toBe(20506);
});

describe('what is free', () => {
  const range = { start: 20000, end: 29999 };

  test('a block lies in the range, and overlaps none', () => {
    const taken = [{ start: 20010, end: 20019 }];
    const isFree = (start: number, end: number) => isBlockFree({ start, end }, { range, taken });
    expect(isFree(20000, 20009)).toBe(true);
    expect(isFree(20005, 20010)).toBe(false);
    expect(isFree(20019, 20030)).toBe(false);
    expect(isFree(20005, 20030)).toBe(false);
    expect(isFree(19999, 20005)).toBe(false);
    expect(isFree(29995, 30000)).toBe(false);
  });

  test('a subnet lies in the pool, and overlaps none; a default route is none', () => {
    const isFree = (subnet: string, ...taken: string[]) =>
      isSubnetFree(subnet, { pool: '10.200.0.0/14', taken: ['0.0.0.0/0', 'fe80::/10', ...taken] });
    expect(isFree('10.200.0.16/28')).toBe(true);
    expect(isFree('10.200.0.16/28', '10.200.0.0/28')).toBe(true);
    expect(isFree('10.200.0.16/28', '10.200.0.0/24')).toBe(false);
    expect(isFree('10.200.0.0/24', '10.200.0.16/28')).toBe(false);
    expect(isFree('10.100.0.0/28')).toBe(false);
    expect(isFree('no subnet')).toBe(false);
  });

  test('a uid lies in the range and is nobody’s', () => {
    expect(isUidFree(20000, { range, taken: [] })).toBe(true);
    expect(isUidFree(20000, { range, taken: [{ first: 19000, last: 20000 }] })).toBe(false);
    expect(isUidFree(1000, { range, taken: [] })).toBe(false);
  });
});
