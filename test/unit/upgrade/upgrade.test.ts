import { expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { getUser, updateUser } from '../../../src/registry/users.ts';
import { upgradeServers } from '../../../src/upgrade/upgrade.ts';
import { settledHome } from '../user/settled-home.ts';

const request = { template: undefined, canary: 0, parallel: 1, timeoutMs: 0 };

test('a user who is named twice is told of once', async () => {
  using home = await settledHome(['bob']);
  const names = ['bob', 'bob'];
  const { servers } = await upgradeServers(home.context, { ...request, names, dryRun: true });
  expect(servers).toMatchObject([{ server: 'bob/filesystem', outcome: 'due' }]);
});

test('a server whose user was taken down meanwhile was not upgraded, and that is said', async () => {
  using home = await settledHome(['bob']);
  const { registry } = home.context;
  let asked = 0;
  const engine = () => {
    asked += 1;
    // By then it is planned what to upgrade.
    if (asked === 2) updateUser(registry, getUser(registry, 'bob').id, { down: true });
    return home.context.engine();
  };
  const context: Context = { ...home.context, engine };
  const { changed, servers } = await upgradeServers(context, {
    ...request,
    names: ['bob'],
    dryRun: false,
  });
  expect({ changed, servers }).toMatchObject({
    changed: false,
    servers: [{ outcome: 'stopped', problem: expect.stringContaining('meanwhile') }],
  });
});
