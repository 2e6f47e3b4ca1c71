import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import type { Registry } from '../../../src/registry/database.ts';
import { listLeases } from '../../../src/registry/leases.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { listServers, removeServer } from '../../../src/registry/servers.ts';
import { getUser, updateUser } from '../../../src/registry/users.ts';
import { keepVersion } from '../../../src/registry/versions.ts';
import { findTemplate } from '../../../src/templates/catalog.ts';
import { upgradeServers } from '../../../src/upgrade/upgrade.ts';
import { settledHome } from '../user/settled-home.ts';

const request = { template: undefined, canary: 0, parallel: 1, timeoutMs: 0 };
const bob = { ...request, names: ['bob'], dryRun: false };

test('a user who is named twice is told of once', async () => {
  using home = await settledHome(['bob']);
  const names = ['bob', 'bob'];
  const { servers } = await upgradeServers(home.context, { ...request, names, dryRun: true });
  expect(servers).toMatchObject([{ server: 'bob/filesystem', outcome: 'due' }]);
});

describe('a server is not upgraded, and that is said,', () => {
  test.each<[string, (registry: Registry, userId: string) => void]>([
    ['whose user is taken down', (registry, id) => updateUser(registry, id, { down: true })],
    [
      'that is removed',
      (registry, id) => {
        for (const server of listServers(registry, id)) removeServer(registry, server.id);
      },
    ],
  ])('%s meanwhile', async (_, change) => {
    using home = await settledHome(['bob']);
    const { registry, assets } = home.context;
    const { id } = getUser(registry, 'bob');
    const made = { template: await findTemplate('filesystem', assets), image: 'sha256:old' };
    for (const server of listServers(registry, id)) keepVersion(registry, server.id, made);
    // By then it is planned what to upgrade.
    const context = withEngineAsked(home.context, 2, () => change(registry, id));
    const { changed, servers } = await upgradeServers(context, bob);
    expect({ changed, servers }).toMatchObject({
      changed: false,
      servers: [{ outcome: 'stopped', problem: expect.stringContaining('meanwhile') }],
    });
  });
});

test('a user who gets another name meanwhile is upgraded under the lease of that one', async () => {
  using home = await settledHome(['bob']);
  const { registry } = home.context;
  const { id } = getUser(registry, 'bob');
  const renamed = withEngineAsked(home.context, 1, () => renameUser(registry, id, 'robert'));
  let leased: readonly string[] = [];
  const engine = async () => ({
    ...(await renamed.engine()),
    observe: () => {
      leased = listLeases(registry).map(({ userName }) => userName);
      throw new Error('enough');
    },
  });
  const { servers } = await upgradeServers({ ...renamed, engine }, bob);
  expect(servers).toMatchObject([{ outcome: 'failed' }]);
  expect(leased).toEqual(['robert']);
});

/** Does something when the engine is asked for the nth time. */
function withEngineAsked(context: Context, nth: number, act: () => void): Context {
  let asked = 0;
  const engine = () => {
    asked += 1;
    if (asked === nth) act();
    return context.engine();
  };
  return { ...context, engine };
}
