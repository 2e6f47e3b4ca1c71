import { expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { addMembers, dropMembers } from '../../../src/group/members.ts';
import { createGroup } from '../../../src/registry/groups.ts';
import { getUser, updateUser } from '../../../src/registry/users.ts';
import { settledHome } from '../user/settled-home.ts';

const request = { group: 'students', users: ['ann', 'bob'], timeoutMs: 1, parallel: 2 };

/** A home whose users are put into the group `staff` once it was looked at which they are in. */
async function movedMeanwhile(before: 'students' | undefined) {
  const home = await settledHome(request.users);
  const { registry, progress } = home.context;
  const students = createGroup(registry, { name: 'students', policy: {} });
  const staff = createGroup(registry, { name: 'staff', policy: {} });
  const put = (groupId: string) => {
    for (const name of request.users) {
      updateUser(registry, getUser(registry, name).id, { groupId, down: true });
    }
  };
  if (before) put(students.id);
  const context: Context = {
    ...home.context,
    progress: {
      ...progress,
      beside: () => {
        put(staff.id);
        return progress;
      },
    },
  };
  return { context, home };
}

const groups = ({ registry }: Context) =>
  request.users.map((name) => getUser(registry, name).group?.name);

test('who came into another group meanwhile is not moved out of it', async () => {
  const { context, home } = await movedMeanwhile(undefined);
  using _ = home;
  await expect(addMembers(context, request)).rejects.toThrow('ann is in the group staff');
  expect(groups(context)).toEqual(['staff', 'staff']);
});

test('who was moved to another group meanwhile is not dropped from that', async () => {
  const { context, home } = await movedMeanwhile('students');
  using _ = home;
  await dropMembers(context, request);
  expect(groups(context)).toEqual(['staff', 'staff']);
});
