import { describe, expect, test } from 'vitest';
import type { Context } from '../../../src/context.ts';
import { listLeases } from '../../../src/registry/leases.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { findUser, getUser, removeUser } from '../../../src/registry/users.ts';
import { withNamedUser, withUser, withUserLease } from '../../../src/user/lease.ts';
import { add } from '../registry/temporary.ts';
import { settledHome } from './settled-home.ts';

/** Lets a change wait until another command is done with bob, which does this to him first. */
async function after<Result>(
  context: Context,
  other: () => void,
  begin: () => Promise<Result>,
): Promise<Result> {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const first = withUserLease(context, 'bob', async () => {
    await done;
    other();
  });
  const waiting = begin();
  resolve();
  await first;
  return waiting;
}

const nameOf = async ({ name }: { name: string }) => name;

describe('a user who is known by id', () => {
  test('is followed to the name they have when it is their turn, and to its lease', async () => {
    using home = await settledHome(['bob']);
    const { registry } = home.context;
    const { id } = getUser(registry, 'bob');
    const rename = () => renameUser(registry, id, 'robert');
    const look = async ({ name }: { name: string }) => ({
      name,
      leases: listLeases(registry).map(({ userName }) => userName),
    });
    const seen = await after(home.context, rename, () => withUser(home.context, id, look));
    expect(seen).toEqual({ name: 'robert', leases: ['robert'] });
  });

  test('is not another one who has their name since', async () => {
    using home = await settledHome(['bob']);
    const { registry, config } = home.context;
    const { id } = getUser(registry, 'bob');
    const replace = () => {
      removeUser(registry, id, { keepUid: false, config });
      add(registry, 'bob');
    };
    const found = await after(home.context, replace, () => withUser(home.context, id, nameOf));
    expect(found).toBeUndefined();
    expect(findUser(registry, 'bob')).toBeDefined();
  });
});

describe('a user who is known by name', () => {
  test('is not another one who has it by the time it is their turn', async () => {
    using home = await settledHome(['bob', 'ann']);
    const { context } = home;
    const swap = () => {
      renameUser(context.registry, getUser(context.registry, 'bob').id, 'robert');
      renameUser(context.registry, getUser(context.registry, 'ann').id, 'bob');
    };
    await expect(
      after(context, swap, () => withNamedUser(context, { name: 'bob' }, nameOf)),
    ).rejects.toMatchObject({ code: 'USER_REPLACED', exitCode: 4 });
  });

  test('is nobody when they have another one by then', async () => {
    using home = await settledHome(['bob']);
    const { context } = home;
    const rename = () =>
      renameUser(context.registry, getUser(context.registry, 'bob').id, 'robert');
    await expect(
      after(context, rename, () => withNamedUser(context, { name: 'bob' }, nameOf)),
    ).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
  });
});
