import { expect, test } from 'vitest';
import { carryOut } from '../../../src/apply/carry-out.ts';
import { readCurrent } from '../../../src/apply/current.ts';
import { planDocument } from '../../../src/apply/plan.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { getUser, listUsers } from '../../../src/registry/users.ts';
import { settledHome } from '../user/settled-home.ts';

test('--prune removes who was not listed when it was planned, and nobody who got the name since', async () => {
  using home = await settledHome(['ann', 'bob', 'cid']);
  const { context } = home;
  const { registry } = context;
  const wanted = { images: [], groups: new Map(), users: new Map() };
  const { plan } = planDocument(await readCurrent(context), wanted, { prune: true });
  renameUser(registry, getUser(registry, 'bob').id, 'robert');
  renameUser(registry, getUser(registry, 'cid').id, 'bob');
  const { result } = await carryOut(context, { plan, wanted, parallel: 1, timeoutMs: 0 });
  expect(result.failures).toMatchObject([
    { name: 'bob', code: 'USER_REPLACED' },
    { name: 'cid', code: 'USER_NOT_FOUND' },
  ]);
  expect(listUsers(registry).map(({ name }) => name)).toEqual(['bob', 'robert']);
});
