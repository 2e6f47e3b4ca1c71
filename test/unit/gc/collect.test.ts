import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { collectGarbage } from '../../../src/gc/collect.ts';
import { addUser, getUser, removeUser } from '../../../src/registry/users.ts';
import { volumePaths } from '../../../src/storage/paths.ts';
import { emptyHost } from '../registry/temporary.ts';
import { settledHome } from '../user/settled-home.ts';

test('what is left of somebody who is brought back after gc has looked stays', async () => {
  using home = await settledHome(['bob']);
  const { context } = home;
  const { registry, config } = context;
  const bob = getUser(registry, 'bob');
  const { stagedImage } = volumePaths(join(context.home.users, bob.id, 'workspace'));
  mkdirSync(dirname(stagedImage), { recursive: true });
  writeFileSync(stagedImage, '');
  removeUser(registry, bob.id, { keepUid: false, config });

  const dry = await collectGarbage(context, { dryRun: true });
  expect(dry.removed.map(({ kind }) => kind)).toEqual([
    'container',
    'network',
    'folder',
    'folder',
    'staged',
  ]);

  const { id, uid, ports, subnet } = bob;
  let asked = 0;
  const engine = () => {
    asked += 1;
    if (asked === 2) {
      const former = { id, uid, ports, subnet };
      addUser(registry, { name: 'bob', limits: bob.limits, former }, emptyHost);
    }
    return context.engine();
  };
  const { removed } = await collectGarbage({ ...context, engine }, { dryRun: false });
  expect(removed.map(({ kind }) => kind)).not.toContain('network');
  expect(removed.map(({ kind }) => kind)).not.toContain('staged');
  expect(home.done().filter((done) => done.startsWith('network'))).toEqual([]);
  expect(existsSync(stagedImage)).toBe(true);
});
