import { expect, test } from 'vitest';
import { requireHalfMoved } from '../../../src/backup/may-move.ts';
import { ConflictError } from '../../../src/errors.ts';
import { updateUser } from '../../../src/registry/users.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';

test('who is in both homes is moved on while down here, and not once they were brought up here again', () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const root = '/srv/mcpd';
  const down = updateUser(box.registry, bob.id, { down: true });
  expect(() => requireHalfMoved(root, { user: down, present: bob })).not.toThrow();
  expect(() => requireHalfMoved(root, { user: bob, present: bob })).toThrow(ConflictError);
});
