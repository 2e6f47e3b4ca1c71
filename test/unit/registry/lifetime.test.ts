import { describe, expect, test } from 'vitest';
import { findOwned, listOver, whyOver } from '../../../src/registry/lifetime.ts';
import { currentHolder } from '../../../src/registry/processes.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import type { AddUserRequest } from '../../../src/registry/user-request.ts';
import { addUser, getUser, listUsersOfRun, removeUser } from '../../../src/registry/users.ts';
import { emptyHost, temporaryRegistry, type TemporaryRegistry } from './temporary.ts';

const hourMs = 3_600_000;
const dead = { ...currentHolder(), startTime: '1' };

function add({ registry }: TemporaryRegistry, name: string, more: Partial<AddUserRequest> = {}) {
  return addUser(registry, { name, limits: {}, ...more }, emptyHost);
}

describe('a user is over', () => {
  test('once their time is: not before, and not without one', () => {
    using box = temporaryRegistry();
    const bob = add(box, 'bob', { expiresAt: box.clock.now() + hourMs });
    const alice = add(box, 'alice');
    expect(listOver(box.registry)).toEqual([]);
    box.clock.advanceHours(1);
    const why = 'its time was over at 2026-01-01T01:00:00Z';
    expect(listOver(box.registry)).toEqual([{ name: 'bob', why }]);
    expect(whyOver(box.registry, bob)).toBe(why);
    expect(whyOver(box.registry, alice)).toBeUndefined();
  });

  test('once the process they were made for has ended, which another of its pid is not', () => {
    using box = temporaryRegistry();
    const mine = add(box, 'mine', { owner: currentHolder() });
    const left = add(box, 'left', { owner: dead });
    const why = `its mcpd run (process ${process.pid}) has ended`;
    expect(listOver(box.registry)).toEqual([{ name: 'left', why }]);
    expect(whyOver(box.registry, left)).toBe(why);
    expect(whyOver(box.registry, mine)).toBeUndefined();
  });

  test('once, for whichever reason comes first; those longest past their time lead', () => {
    using box = temporaryRegistry();
    add(box, 'abandoned', { owner: dead });
    add(box, 'late', { owner: dead, expiresAt: box.clock.now() + 2 * hourMs });
    add(box, 'early', { expiresAt: box.clock.now() + hourMs });
    box.clock.advanceHours(3);
    expect(listOver(box.registry).map(({ name }) => name)).toEqual(['early', 'late', 'abandoned']);
  });
});

test('who they were made for goes with a user', () => {
  using box = temporaryRegistry();
  const { id } = add(box, 'bob', { owner: dead });
  removeUser(box.registry, id, { keepUid: false, config: { quarantineHours: 0 } });
  add(box, 'bob');
  expect(listOver(box.registry)).toEqual([]);
  expect(box.registry.db.prepare('SELECT * FROM owners').all()).toEqual([]);
});

test('a run’s users are found by its id, as a whole', () => {
  using box = temporaryRegistry();
  add(box, 'two', { runId: '42' });
  add(box, 'one', { runId: '42' });
  add(box, 'other', { runId: '421' });
  add(box, 'none');
  expect(listUsersOfRun(box.registry, '42').map(({ name }) => name)).toEqual(['one', 'two']);
  expect(getUser(box.registry, 'one').runId).toBe('42');
  expect(getUser(box.registry, 'none').runId).toBeNull();
});

test('the user of a process is found whatever their name is by now, and no other’s is taken for theirs', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const mine = add(box, 'mine', { owner: currentHolder() });
  add(box, 'left', { owner: dead });
  renameUser(registry, mine.id, 'other');
  add(box, 'mine');
  expect(findOwned(registry, currentHolder())).toBe(mine.id);
  expect(findOwned(registry, { ...currentHolder(), bootId: 'earlier' })).toBeUndefined();
});
