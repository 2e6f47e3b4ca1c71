import { describe, expect, test } from 'vitest';
import { addApproval, listApprovals } from '../../../src/registry/approvals.ts';
import {
  createGroup,
  getGroup,
  listGroups,
  listMembers,
  removeGroup,
  setGroupPolicy,
} from '../../../src/registry/groups.ts';
import { addServer, removeServer } from '../../../src/registry/servers.ts';
import {
  addUser,
  getUser,
  listUsers,
  removeUser,
  updateUser,
} from '../../../src/registry/users.ts';
import { add, emptyHost, temporaryRegistry, thrownBy } from './temporary.ts';

describe('groups', () => {
  test('are found by name, with their policy', () => {
    using box = temporaryRegistry();
    const made = createGroup(box.registry, { name: 'students', policy: { memory: 2 ** 28 } });
    createGroup(box.registry, { name: 'admins', policy: {} });
    expect(getGroup(box.registry, 'students')).toEqual(made);
    expect(listGroups(box.registry).map(({ name }) => name)).toEqual(['admins', 'students']);
    expect(thrownBy(() => getGroup(box.registry, 'student'))).toMatchObject({
      code: 'GROUP_NOT_FOUND',
      suggestions: ['Did you mean students?', 'mcpd group list'],
    });
    expect(
      thrownBy(() => createGroup(box.registry, { name: 'students', policy: {} })),
    ).toMatchObject({ code: 'GROUP_EXISTS' });
    expect(thrownBy(() => createGroup(box.registry, { name: 'No', policy: {} }))).toMatchObject({
      code: 'GROUP_NAME_INVALID',
    });
  });

  test('come with each user that is in one, as they are now', () => {
    using box = temporaryRegistry();
    const group = createGroup(box.registry, { name: 'students', policy: {} });
    const request = { name: 'bob', limits: {}, groupId: group.id, policy: { maxTools: 2 } };
    expect(addUser(box.registry, request, emptyHost).group).toEqual(group);
    add(box.registry, 'alice');
    setGroupPolicy(box.registry, group.id, { servers: 1 });
    expect(listUsers(box.registry).map((user) => [user.name, user.group?.policy])).toEqual([
      ['alice', undefined],
      ['bob', { servers: 1 }],
    ]);
    expect(getUser(box.registry, 'bob')).toMatchObject({ egress: null, policy: { maxTools: 2 } });
  });

  test('are joined and left by changing the user, and outlive their members', () => {
    using box = temporaryRegistry();
    const { id } = createGroup(box.registry, { name: 'students', policy: {} });
    const bob = add(box.registry, 'bob');
    expect(updateUser(box.registry, bob.id, { groupId: id }).group?.name).toBe('students');
    expect(updateUser(box.registry, bob.id, { down: true }).group?.name).toBe('students');
    expect(listMembers(box.registry, id)).toEqual(['bob']);
    expect(updateUser(box.registry, bob.id, { groupId: null }).group).toBeNull();
    updateUser(box.registry, bob.id, { groupId: id });
    const config = { quarantineHours: 0 };
    removeUser(box.registry, bob.id, { keepUid: false, config });
    expect(listMembers(box.registry, id)).toEqual([]);
  });

  test('with members cannot be removed, and the error names them', () => {
    using box = temporaryRegistry();
    const group = createGroup(box.registry, { name: 'students', policy: {} });
    const bob = add(box.registry, 'bob');
    updateUser(box.registry, bob.id, { groupId: group.id });
    expect(thrownBy(() => removeGroup(box.registry, group))).toMatchObject({
      code: 'GROUP_HAS_MEMBERS',
      message: 'The group "students" has members: bob.',
      suggestions: ['mcpd group drop students bob'],
    });
    updateUser(box.registry, bob.id, { groupId: null });
    removeGroup(box.registry, group);
    expect(listGroups(box.registry)).toEqual([]);
  });
});

test('an approval ends with its server', () => {
  using box = temporaryRegistry();
  const user = add(box.registry, 'bob');
  const [files, memory] = ['filesystem', 'memory'].map((name) => {
    addApproval(box.registry, user.id, {
      template: name,
      risk: 'high',
      reason: 'asked for',
      approvedBy: 'root',
      approvedAt: box.clock.now(),
    });
    return addServer(box.registry, { user, name, template: name, isPortFree: () => true });
  });
  removeServer(box.registry, files?.id ?? '');
  expect(listApprovals(box.registry, user.id)).toMatchObject([
    { template: 'memory', reason: 'asked for', approvedBy: 'root' },
  ]);
  expect(memory).toBeDefined();
});
