import { expect, test } from 'vitest';
import { carryOut } from '../../../src/apply/carry-out.ts';
import { readCurrent } from '../../../src/apply/current.ts';
import { planDocument } from '../../../src/apply/plan.ts';
import { EngineError } from '../../../src/errors.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { getUser, listUsers, removeUser } from '../../../src/registry/users.ts';
import { settledHome } from '../user/settled-home.ts';

const nothing = { images: [], groups: new Map(), users: new Map() };
const pace = { parallel: 1, timeoutMs: 0 };

test('--prune removes who was not listed when it was planned, and nobody who got the name since', async () => {
  using home = await settledHome(['ann', 'bob', 'cid']);
  const { context } = home;
  const { registry } = context;
  const { plan } = planDocument(await readCurrent(context), nothing, { prune: true });
  renameUser(registry, getUser(registry, 'bob').id, 'robert');
  renameUser(registry, getUser(registry, 'cid').id, 'bob');
  const { result } = await carryOut(context, { plan, wanted: nothing, ...pace });
  expect(result.failures).toMatchObject([
    { name: 'bob', code: 'USER_REPLACED' },
    { name: 'cid', code: 'USER_NOT_FOUND' },
  ]);
  expect(listUsers(registry).map(({ name }) => name)).toEqual(['bob', 'robert']);
});

test('whom --prune would remove and somebody else was quicker to is as gone as asked for', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { context } = home;
  const { registry, config } = context;
  const { plan } = planDocument(await readCurrent(context), nothing, { prune: true });
  removeUser(registry, getUser(registry, 'bob').id, { keepUid: false, config });
  const { result, ending } = await carryOut(context, { plan, wanted: nothing, ...pace });
  expect({ failures: result.failures, ending }).toEqual({ failures: [], ending: undefined });
  expect(result.operations.map(({ subject, outcome }) => [subject, outcome])).toEqual([
    ['ann', 'done'],
    ['bob', 'done'],
  ]);
  expect(listUsers(registry)).toEqual([]);
});

test('a user whose mending failed half way may have changed', async () => {
  using home = await settledHome(['bob']);
  const { context } = home;
  const { plan } = planDocument(await readCurrent(context), nothing, { prune: false });
  const work = { plan: { ...plan, users: new Map([['bob', []]]) }, wanted: nothing, ...pace };
  home.observe(({ networks }) => ({ networks, servers: [] }));
  const engine = await context.engine();
  const apply = async ({ type }: { type: string }) => {
    if (type === 'server.start') throw new EngineError('No.', { code: 'ENGINE_ERROR' });
  };
  const failing = { ...context, engine: async () => ({ ...engine, apply }) };
  const { result } = await carryOut(failing, work);
  expect(result).toMatchObject({
    changed: true,
    operations: [{ type: 'user.up', subject: 'bob', outcome: 'failed' }],
    failures: [{ name: 'bob', code: 'ENGINE_ERROR' }],
  });
});
