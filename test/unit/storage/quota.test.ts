import { expect, test } from 'vitest';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Subject } from '../../../src/policy/of-user.ts';
import type { Group } from '../../../src/registry/rows.ts';
import { requireBelowMaximum } from '../../../src/user/preconditions.ts';
import { storageQuota } from '../../../src/storage/quota.ts';
import { storageObstacle } from '../../../src/storage/enforceable.ts';

const none = hostConfigSchema.parse({});
const twoGiB = hostConfigSchema.parse({ limits: { storage: '2g' } });

const nobody: Subject = { limits: {}, egress: null, policy: {}, group: null };

function member(storage: number): Group {
  return { id: 'g', name: 'students', policy: { storage }, createdAt: 0 };
}

test('without a setting nobody has a quota', () => {
  expect(storageQuota(none, nobody)).toBeUndefined();
});

test('a user’s own quota goes before the group’s, and that before the host’s default, also when it is none', () => {
  expect(storageQuota(twoGiB, nobody)).toEqual({ bytes: 2 ** 31, promised: false });
  const grouped = { ...nobody, group: member(2 ** 29) };
  expect(storageQuota(twoGiB, grouped)).toEqual({ bytes: 2 ** 29, promised: true });
  const own = { ...grouped, policy: { storage: 2 ** 30 } };
  expect(storageQuota(twoGiB, own)).toEqual({ bytes: 2 ** 30, promised: true });
  expect(storageQuota(twoGiB, { ...grouped, policy: { storage: 0 } })).toBeUndefined();
  expect(storageQuota(twoGiB, { ...nobody, group: member(0) })).toBeUndefined();
});

test('the host’s maximum holds for who has a larger quota or none, and was promised to nobody', () => {
  const most = hostConfigSchema.parse({ maximum: { storage: '1g' } });
  const maximum = { bytes: 2 ** 30, promised: false };
  expect(storageQuota(most, nobody)).toEqual(maximum);
  expect(storageQuota(most, { ...nobody, policy: { storage: 0 } })).toEqual(maximum);
  expect(storageQuota(most, { ...nobody, policy: { storage: 2 ** 31 } })).toEqual(maximum);
  expect(() => requireBelowMaximum(most, { storage: 0 })).toThrow('the maximum is');
  expect(() => requireBelowMaximum(most, { storage: 2 ** 30 })).not.toThrow();
});

test('a processor beyond the host’s maximum is refused by name', () => {
  const most = hostConfigSchema.parse({ maximum: { cpuset: '2-7' } });
  expect(() => requireBelowMaximum(most, { cpuset: '1-3' })).toThrow(
    'Nobody may have cpuset 1-3: the maximum is 2-7.',
  );
  expect(() => requireBelowMaximum(most, { cpuset: '2,7' })).not.toThrow();
});

test.each(['15m', '-1', 'much'])('a default of %s is no size of a quota', (storage) => {
  expect(hostConfigSchema.safeParse({ limits: { storage } }).success).toBe(false);
});

test('who is not root, and who chose the folder, gets no enforced quota, with the reason', () => {
  const host = { uid: 0, env: { PATH: '/nowhere' }, home: { users: '/home/users' } };
  expect(storageObstacle({ ...host, uid: 1000 }, undefined)?.reason).toBe(
    'mcpd is not run as root',
  );
  expect(storageObstacle(host, '/srv/bob')?.reason).toBe("/srv/bob is not a folder of mcpd's own");
});
