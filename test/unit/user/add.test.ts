import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { getUser } from '../../../src/registry/users.ts';
import { addUser } from '../../../src/user/add.ts';
import { settledHome } from './settled-home.ts';

test('a workspace that was lost is not made anew by asking for its user again', async () => {
  using home = await settledHome(['bob']);
  const { workspace } = getUser(home.context.registry, 'bob');
  const { servers } = await addUser(home.context, {
    name: 'bob',
    templates: undefined,
    workspace: undefined,
    osUser: undefined,
    own: {},
    group: undefined,
    approval: undefined,
    secrets: new Map(),
    ttlMs: undefined,
    start: false,
    withToken: false,
    timeoutMs: 0,
  });
  expect(servers).toHaveLength(1);
  expect(existsSync(workspace)).toBe(false);
});
