import { expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { updateUserGroup } from '../../../src/group/change.ts';
import { createGroup, getGroup, removeGroup } from '../../../src/registry/groups.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { getUser, removeUser, updateUser } from '../../../src/registry/users.ts';
import { settledHome } from '../user/settled-home.ts';

test('members who are removed while their group changes are no failure', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { registry, config, progress } = home.context;
  const { id: groupId } = createGroup(registry, { name: 'students', policy: {} });
  for (const name of ['ann', 'bob']) updateUser(registry, getUser(registry, name).id, { groupId });
  const context: Context = {
    ...home.context,
    progress: {
      ...progress,
      // Asked for as soon as it is known whom the change concerns.
      beside: () => {
        for (const name of ['ann', 'bob'])
          removeUser(registry, getUser(registry, name).id, { keepUid: false, config });
        return progress;
      },
    },
  };
  const patch = { set: { requestsPerMinute: 60 } };
  const request = { name: 'students', patch, timeoutMs: 1, parallel: 2 };
  expect(await updateUserGroup(context, request)).toMatchObject({
    changed: true,
    group: { members: [], policy: { requestsPerMinute: 60 } },
    users: [
      { user: 'ann', operations: [] },
      { user: 'bob', operations: [] },
    ],
  });
});

test('a member who gets another name while their group changes is not passed over', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { registry, progress } = home.context;
  const { id: groupId } = createGroup(registry, { name: 'students', policy: {} });
  // So that there is something to be done that nobody waits for.
  for (const name of ['ann', 'bob']) {
    updateUser(registry, getUser(registry, name).id, { groupId, down: true });
  }
  const context: Context = {
    ...home.context,
    progress: {
      ...progress,
      beside: () => {
        renameUser(registry, getUser(registry, 'bob').id, 'robert');
        return progress;
      },
    },
  };
  const patch = { set: { requestsPerMinute: 60 } };
  await updateUserGroup(context, { name: 'students', patch, timeoutMs: 1, parallel: 2 });
  expect(new Set(home.scopes)).toEqual(
    new Set(['ann', 'robert'].map((name) => getUser(registry, name).id)),
  );
});

test('a group that was removed and made anew meanwhile keeps its policy', async () => {
  using home = await settledHome([]);
  const { registry } = home.context;
  const group = createGroup(registry, { name: 'students', policy: {} });
  const patch = { set: { requestsPerMinute: 60 } };
  const request = { name: 'students', patch, timeoutMs: 1, parallel: 1 };
  const updated = updateUserGroup(home.context, request);
  removeGroup(registry, group);
  createGroup(registry, { name: 'students', policy: { requestsPerMinute: 5 } });
  await expect(updated).rejects.toMatchObject({ code: 'GROUP_NOT_FOUND' });
  expect(getGroup(registry, 'students').policy).toEqual({ requestsPerMinute: 5 });
});
