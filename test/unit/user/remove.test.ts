import { describe, expect, test } from 'vitest';
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
  const request = { name: 'bob', id: question?.users[0]?.id, purge: true };
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
  const { users: asked = [] } = removeQuestion(registry, { runId }, { purge: true }) ?? {};
  const { users } = await removeRun(context, { runId, users: asked, purge: true, parallel: 1 });
  expect(users.map(({ removed }) => removed)).toEqual(['ci-a', 'kept']);
  expect(findUser(registry, 'kept')).toBeUndefined();
});

describe('all of a CI run', () => {
  const runId = '7';

  test('are those who were there when the question was asked', async () => {
    using home = await settledHome([]);
    const { registry } = home.context;
    const join = (name: string) => addUser(registry, { name, limits: {}, runId }, emptyHost);
    join('ci-a');
    const { users = [] } = removeQuestion(registry, { runId }, { purge: true }) ?? {};
    join('ci-b');
    await removeRun(home.context, { runId, users, purge: true, parallel: 1 });
    expect(listUsers(registry).map(({ name }) => name)).toEqual(['ci-b']);
  });

  test.each([
    [false, undefined, 'Remove ci-a, ci-b? Their workspaces are kept.'],
    [true, undefined, 'Remove ci-a, ci-b and delete their workspaces?'],
    [true, '/srv/b', 'Remove ci-a, ci-b and delete the workspaces of ci-a?'],
  ])(
    'with purge %s and a workspace %s are asked about as that is',
    async (purge, workspace, text) => {
      using home = await settledHome([]);
      const { registry } = home.context;
      addUser(registry, { name: 'ci-a', limits: {}, runId }, emptyHost);
      addUser(registry, { name: 'ci-b', limits: {}, runId, workspace }, emptyHost);
      expect(removeQuestion(registry, { runId }, { purge })?.text).toBe(text);
    },
  );
});
