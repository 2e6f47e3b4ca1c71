import { expect, test } from 'vitest';
import { renameUser } from '../../../src/registry/rename.ts';
import { getUser, listUsers } from '../../../src/registry/users.ts';
import { add, temporaryRegistry, thrownBy } from './temporary.ts';

test('a renamed user keeps all but the name', () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  renameUser(box.registry, bob.id, 'robert');
  expect(getUser(box.registry, 'robert')).toEqual({ ...bob, name: 'robert' });
  expect(listUsers(box.registry)).toHaveLength(1);
});

test('a name that is taken, or is none, changes nothing', () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  add(box.registry, 'alice');
  expect(thrownBy(() => renameUser(box.registry, bob.id, 'alice'))).toMatchObject({
    code: 'USER_EXISTS',
  });
  expect(thrownBy(() => renameUser(box.registry, bob.id, 'B/b'))).toMatchObject({
    code: 'USER_NAME_INVALID',
  });
  expect(getUser(box.registry, 'bob')).toEqual(bob);
});

test('the same name again is no conflict', () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  renameUser(box.registry, bob.id, 'bob');
  expect(getUser(box.registry, 'bob')).toEqual(bob);
});
