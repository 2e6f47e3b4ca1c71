import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/admission/judge.ts';
import { promisedMemory, promisedTo } from '../../../src/admission/promised.ts';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import type { Server, User } from '../../../src/registry/rows.ts';

const mebibyte = 2 ** 20;
const now = 1_000;

function user(name: string, change: Partial<User> = {}): User {
  return {
    id: `u-${name}`,
    name,
    uid: 200000,
    gid: 200000,
    osUser: null,
    ports: { start: 20000, end: 20009 },
    subnet: '10.200.0.0/28',
    workspace: `/srv/${name}`,
    workspaceManaged: false,
    limits: {},
    egress: null,
    policy: {},
    group: null,
    down: false,
    createdAt: 0,
    expiresAt: null,
    madeUnder: null,
    runId: null,
    ...change,
  };
}

function server(owner: string, name: string, desired: Server['desired'] = 'running'): Server {
  return {
    id: `s-${owner}-${name}`,
    userId: `u-${owner}`,
    name,
    template: name,
    port: 20000,
    desired,
    settled: true,
    createdAt: 0,
  };
}

function promised(users: readonly User[], servers: readonly Server[], settings: object = {}) {
  return promisedTo({
    users,
    servers,
    asks: ({ template }) => (template === 'big' ? { memory: 1024 * mebibyte } : undefined),
    config: hostConfigSchema.parse(settings),
    now,
  });
}

function inGroup(policy: Policy): Partial<User> {
  return { group: { id: 'g', name: 'students', policy, createdAt: 0 } };
}

describe('what is promised', () => {
  test('is the cap of each server that runs or should: the user’s, the group’s, the template’s or the host’s', () => {
    const users = [
      user('bob'),
      user('alice', { limits: { memoryBytes: 100 * mebibyte } }),
      user('carol', inGroup({ memory: 200 * mebibyte })),
    ];
    const servers = ['bob', 'alice', 'carol'].flatMap((name) => [
      server(name, 'memory'),
      server(name, 'big'),
      server(name, 'other', 'stopped'),
    ]);
    const rows = promised(users, servers);
    expect(rows.map(({ memoryBytes }) => memoryBytes / mebibyte)).toEqual([1536, 200, 400]);
    expect(rows[0]).toMatchObject({ servers: 3, running: 2, cpus: 2 });
    expect(promisedMemory(rows)).toBe(2136 * mebibyte);
  });

  test('is nothing for users who are down or expired', () => {
    const users = [user('bob', { down: true }), user('alice', { expiresAt: now })];
    const rows = promised(users, [server('bob', 'memory'), server('alice', 'memory')]);
    expect(rows.map(({ memoryBytes, servers }) => [memoryBytes, servers])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('never exceeds the maximum', () => {
    const maximum = { maximum: { memory: '64m', servers: 2 } };
    const [row] = promised([user('bob')], [server('bob', 'big')], maximum);
    expect(row).toMatchObject({ memoryBytes: 64 * mebibyte, mostServers: 2 });
  });
});

describe('a change', () => {
  const bob = user('bob');
  const one = promised([bob], [server('bob', 'memory')]);
  const two = promised([bob], [server('bob', 'memory'), server('bob', 'big')]);

  test('that promises more than there is is refused, with the arithmetic', () => {
    const refusal = judge({ before: one, after: two, capacityBytes: 1536 * mebibyte - 1 });
    expect(refusal).toMatchObject({
      code: 'ADMISSION_MEMORY',
      exitCode: 8,
      message: 'bob would need 1GiB; 512MiB of 1.5GiB are promised.',
    });
    expect(judge({ before: one, after: two, capacityBytes: 1536 * mebibyte })).toBeUndefined();
  });

  test('that takes nothing more is never refused, even where too much is promised', () => {
    expect(judge({ before: two, after: one, capacityBytes: 1 })).toBeUndefined();
    expect(judge({ before: two, after: two, capacityBytes: 1 })).toBeUndefined();
  });

  test('of a group counts all members together', () => {
    const members = ['a', 'b', 'c', 'd'];
    const servers = members.map((name) => server(name, 'memory'));
    const of = (memory: number) =>
      promised(
        members.map((name) => user(name, inGroup({ memory: memory * mebibyte }))),
        servers,
      );
    expect(judge({ before: of(100), after: of(200), capacityBytes: 500 * mebibyte })).toMatchObject(
      {
        message: 'a, b and 2 more would need 400MiB; 400MiB of 500MiB are promised.',
      },
    );
  });

  test('that gives a user too many servers is refused, and one that leaves too many is not', () => {
    const limited = user('bob', { policy: { servers: 1 } });
    const before = promised([limited], [server('bob', 'memory')]);
    const after = promised([limited], [server('bob', 'memory'), server('bob', 'b', 'stopped')]);
    const capacityBytes = 2 ** 40;
    expect(judge({ before, after, capacityBytes })).toMatchObject({
      code: 'SERVERS_QUOTA',
      exitCode: 8,
      message: 'bob would have 2 servers, of at most 1.',
    });
    expect(judge({ before: after, after, capacityBytes })).toBeUndefined();
  });
});
