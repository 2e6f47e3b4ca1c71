import { expect, test } from 'vitest';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import { storageQuota } from '../../../src/storage/quota.ts';
import { storageObstacle } from '../../../src/storage/enforceable.ts';

const none = hostConfigSchema.parse({});
const twoGiB = hostConfigSchema.parse({ limits: { storage: '2g' } });

test('without a setting nobody has a quota', () => {
  expect(storageQuota(none, { policy: {} })).toBeUndefined();
});

test('a user’s own quota goes before the host’s default, also when it is none', () => {
  expect(storageQuota(twoGiB, { policy: {} })).toEqual({ bytes: 2 ** 31, source: 'host' });
  const policy = { storage: 2 ** 30 };
  expect(storageQuota(twoGiB, { policy })).toEqual({ bytes: 2 ** 30, source: 'user' });
  expect(storageQuota(twoGiB, { policy: { storage: 0 } })).toBeUndefined();
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
