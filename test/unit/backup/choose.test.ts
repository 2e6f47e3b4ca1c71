import { describe, expect, test } from 'vitest';
import { chooseUsers, requireRoomFor, requireSomebody } from '../../../src/backup/choose.ts';
import { manifestSchema } from '../../../src/backup/manifest.ts';
import { remapped } from '../../../src/backup/remapped.ts';
import type { User } from '../../../src/registry/rows.ts';
import { thrownBy } from '../registry/temporary.ts';
import { aliceId, manifest, userBackup } from './temporary.ts';

const now = 1000;
const alice = userBackup({ id: aliceId, name: 'alice', group: 'students' });
const students = { name: 'students', policy: { memory: 2 ** 28 } };
const both = manifest({ users: [userBackup(), alice], groups: [students] });
const nobody = { users: new Set<string>(), groups: new Map() };

function choose(names: readonly string[], as?: string) {
  return chooseUsers(both, { names, as, now });
}

describe('chooseUsers', () => {
  test('takes all of a backup, or those who are named', () => {
    expect(choose([]).chosen.map(({ name }) => name)).toEqual(['bob', 'alice']);
    expect(choose(['alice', 'alice']).chosen.map(({ name }) => name)).toEqual(['alice']);
  });

  test('gives one user another name, never several', () => {
    expect(choose(['bob'], 'robert').chosen).toMatchObject([
      { name: 'robert', backup: { name: 'bob' } },
    ]);
    expect(thrownBy(() => choose([], 'robert'))).toMatchObject({ exitCode: 2 });
  });

  test('a name that is not in the backup is met with the nearest', () => {
    expect(thrownBy(() => choose(['alic']))).toMatchObject({
      code: 'USER_NOT_FOUND',
      suggestions: expect.arrayContaining(['Did you mean alice?']) as string[],
    });
  });

  test('leaves out whose time is over', () => {
    const over = manifest({ users: [userBackup({ expiresAt: now }), alice] });
    expect(chooseUsers(over, { names: [], as: undefined, now })).toMatchObject({
      chosen: [{ name: 'alice' }],
      expired: ['bob'],
    });
  });

  test('says what to do when everybody’s is', () => {
    const chosen = { chosen: [], expired: ['bob'] };
    expect(thrownBy(() => requireSomebody(chosen))).toMatchObject({
      code: 'USERS_EXPIRED',
      suggestions: expect.arrayContaining([expect.stringContaining('--dry-run')]) as string[],
    });
  });
});

describe('requireRoomFor', () => {
  const { chosen } = choose([]);

  test('a name that is taken is a conflict, with --as as the way out', () => {
    const present = { ...nobody, users: new Set(['bob']) };
    expect(thrownBy(() => requireRoomFor(both, { chosen, isWhole: true }, present))).toMatchObject({
      code: 'USER_EXISTS',
      suggestions: [
        '--user bob --as NEWNAME, for another name',
        'mcpd user rename bob NEWNAME, or mcpd user remove bob',
        '--user alice, for the others alone',
      ],
    });
  });

  test('makes groups that are missing: all, or those of who is restored', () => {
    const idle = { name: 'idle', policy: {} };
    const more = manifest({ ...both, groups: [students, idle] });
    expect(requireRoomFor(more, { chosen, isWhole: true }, nobody)).toEqual([students, idle]);
    expect(requireRoomFor(more, { chosen, isWhole: false }, nobody)).toEqual([students]);
  });

  test('a group that says the same is used, one that says something else is a conflict', () => {
    const same = { ...nobody, groups: new Map([['students', { memory: 2 ** 28 }]]) };
    expect(requireRoomFor(both, { chosen, isWhole: true }, same)).toEqual([]);
    const other = { ...nobody, groups: new Map([['students', { memory: 2 ** 27 }]]) };
    expect(thrownBy(() => requireRoomFor(both, { chosen, isWhole: true }, other))).toMatchObject({
      code: 'GROUP_DIFFERS',
    });
  });
});

describe('remapped', () => {
  const backup = userBackup();
  const user = { ...backup, gid: 200000, limits: {}, egress: null, policy: {}, createdAt: 0 };
  const here: User = { ...user, group: null, madeUnder: null, runId: null };

  test('names what is otherwise, and nothing else', () => {
    expect(remapped(backup, here, backup.servers)).toEqual([]);
    const moved = { ...here, uid: 200007, subnet: '10.200.0.16/28' };
    expect(remapped(backup, moved, [{ name: 'files', port: 20001 }])).toEqual([
      { what: 'uid', from: '200000', to: '200007' },
      { what: 'port of files', from: '20000', to: '20001' },
      { what: 'subnet', from: '10.200.0.0/28', to: '10.200.0.16/28' },
    ]);
  });

  test('says where files of a folder outside of the home are now', () => {
    const outside = { ...backup, workspace: '/srv/bob', workspaceManaged: false };
    expect(remapped(outside, here, backup.servers)).toEqual([
      { what: 'workspace', from: '/srv/bob', to: here.workspace },
    ]);
  });
});

describe('the manifest', () => {
  test('is what it says, and nothing else', () => {
    expect(manifestSchema.parse(JSON.parse(JSON.stringify(both)))).toEqual(both);
    expect(manifestSchema.safeParse({ ...both, more: 1 }).success).toBe(false);
  });

  test.each([
    { id: '../../etc' },
    { id: 'u../../../../' },
    { name: '../bob' },
    { uid: -1 },
    { subnet: 'fe80::/10' },
    { own: { memory: 'much' } },
    { servers: [{ ...userBackup().servers[0], id: 's/../../../x' }] },
  ])('with %j is refused', (wrong) => {
    const users = [{ ...userBackup(), ...wrong }];
    expect(manifestSchema.safeParse({ ...both, users }).success).toBe(false);
  });
});
