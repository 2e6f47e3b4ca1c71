import { expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { addUser, findUser, getUser, listUsers } from '../../../src/registry/users.ts';
import { removeQuestion } from '../../../src/user/remove-question.ts';
import { removeRun, removeUserCompletely } from '../../../src/user/remove.ts';
import { emptyHost } from '../registry/temporary.ts';
import { settledHome } from './settled-home.ts';

test('who got the name after the question was asked is not removed', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { registry } = home.context;
  const question = removeQuestion(registry, { name: 'bob' }, { purge: true });
  renameUser(registry, getUser(registry, 'bob').id, 'robert');
  renameUser(registry, getUser(registry, 'ann').id, 'bob');
  const request = { name: 'bob', id: question?.id, purge: true };
  await expect(removeUserCompletely(home.context, request)).rejects.toMatchObject({
    code: 'USER_REPLACED',
  });
  expect(listUsers(registry).map(({ name }) => name)).toEqual(['bob', 'robert']);
});

test('one of a CI run goes with it, whatever their name is by then', async () => {
  using home = await settledHome([]);
  const { registry, progress } = home.context;
  const runId = '7';
  for (const name of ['ci-a', 'ci-b']) addUser(registry, { name, limits: {}, runId }, emptyHost);
  const context: Context = {
    ...home.context,
    progress: {
      ...progress,
      beside: () => {
        renameUser(registry, getUser(registry, 'ci-b').id, 'kept');
        return progress;
      },
    },
  };
  const { users } = await removeRun(context, { runId, purge: true, parallel: 1 });
  expect(users.map(({ removed }) => removed)).toEqual(['ci-a', 'kept']);
  expect(findUser(registry, 'kept')).toBeUndefined();
});
