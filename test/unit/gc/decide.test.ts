import { describe, expect, test } from 'vitest';
import { leftovers, type GcFacts } from '../../../src/gc/decide.ts';
import type { HeldLease } from '../../../src/registry/leases.ts';
import type { Server, User } from '../../../src/registry/rows.ts';
import { volumePaths } from '../../../src/storage/paths.ts';
import { observedNetwork, observedServer, serverSpec } from '../reconcile/specs.ts';

const bob = { id: 'u1', name: 'bob', createdAt: 100, madeUnder: 3 } as User;
const server = { id: 's-files', userId: 'u1', name: 'files' } as Server;
const container = observedServer(serverSpec('files'));
const network = observedNetwork();

const nothing: GcFacts = {
  observed: { servers: [container], networks: [network] },
  folders: [{ path: '/run/mcpd/i/u1', ownerId: 'u1' }],
  staged: [],
  restore: undefined,
  users: [bob],
  servers: [server],
  over: [],
  deadLeases: [],
  withToken: new Set(),
  released: [],
};

function lease(change: Partial<HeldLease> = {}): HeldLease {
  const holder = { pid: 7, startTime: '1', bootId: 'b' };
  return {
    ...holder,
    userName: 'bob',
    fence: 3,
    command: 'mcpd user add bob',
    since: 90,
    ...change,
  };
}

/** `kind name (why)` of each. */
function found(change: Partial<GcFacts>): string[] {
  return leftovers({ ...nothing, ...change }).map(
    ({ kind, name, why }) => `${kind} ${name} (${why})`,
  );
}

test('what the registry explains is left alone', () => {
  expect(found({})).toEqual([]);
});

test('a user who is over goes, with what is theirs', () => {
  const over = [{ name: 'bob', why: 'its time was over' }];
  expect(found({ over, deadLeases: [lease()] })).toEqual(['user bob (its time was over)']);
  expect(found({ over, servers: [] })).toEqual(['user bob (its time was over)']);
});

test('files of a restore that was killed go', () => {
  expect(found({ restore: '/home/restoring' })).toEqual([
    'restore /home/restoring (its restore was killed)',
  ]);
});

describe('a user whose first command was killed', () => {
  test('goes', () => {
    expect(found({ deadLeases: [lease()] })).toEqual(['user bob (mcpd user add bob was killed)']);
  });

  test.each<[string, Partial<GcFacts>]>([
    ['was given a token', { deadLeases: [lease()], withToken: new Set(['u1']) }],
    ['was there before that command', { deadLeases: [lease({ fence: 4 })] }],
    ['was restored', { users: [{ ...bob, madeUnder: null }], deadLeases: [lease()] }],
  ])('but not one who %s', (_who, change) => {
    expect(found(change)).toEqual(['lease bob (its process has ended: mcpd user add bob (7))']);
  });
});

describe('objects without a row', () => {
  test('of a user who is gone go, containers before their network', () => {
    expect(found({ users: [], servers: [] })).toEqual([
      'container mcpd-bob-files (its user is gone)',
      'network mcpd-bob (its user is gone)',
      'folder /run/mcpd/i/u1 (its user or server is gone)',
    ]);
  });

  test('of a server who is gone go, under the lease of its user', () => {
    const [one, ...more] = leftovers({ ...nothing, servers: [] });
    expect(one).toMatchObject({ kind: 'container', user: 'bob', why: 'bob has no such server' });
    expect(more).toEqual([]);
  });
});

test('a file system that was never finished goes when its user is gone', () => {
  const staged = ['u1', 'u2'].map((userId) => ({
    userId,
    paths: volumePaths(`/home/${userId}/workspace`),
  }));
  expect(found({ staged })).toEqual([
    'staged /home/u2/staged.img (its user went before it was finished)',
  ]);
});

test('what rests no longer is forgotten', () => {
  const released = [{ kind: 'subnet' as const, value: '10.200.0.0/28', until: 0, path: null }];
  expect(found({ released })).toEqual([
    'quarantine subnet 10.200.0.0/28 (free since 1970-01-01T00:00:00.000Z)',
  ]);
});
