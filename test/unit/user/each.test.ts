import { expect, test } from 'vitest';
import { NotFoundError, PartialFailureError } from '../../../src/errors.ts';
import type { Progress } from '../../../src/progress.ts';
import { forEachUser } from '../../../src/user/each.ts';

const names = ['ann', 'bob', 'cid', 'dan', 'eve'];
const users = names.map((name) => ({ name }));
const done = { changed: false };

function world() {
  const controller = new AbortController();
  const lines: Progress = {
    steps: async () => undefined,
    notice: () => undefined,
    beside: () => lines,
  };
  const live: Progress = { ...lines, beside: () => lines };
  const context = { signal: controller.signal, progress: live };
  return { context, live, lines, abort: (reason: Error) => controller.abort(reason) };
}

/** A change that ends when it is told to, so that a test says what goes on at once. */
function gate() {
  const waiting = new Map<string, { resolve: () => void }>();
  let most = 0;
  const change = async ({ name }: { name: string }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(name, { resolve });
    most = Math.max(most, waiting.size);
    await promise;
    waiting.delete(name);
    return done;
  };
  return {
    change,
    most: () => most,
    begun: () => [...waiting.keys()],
    finish: (name: string) => waiting.get(name)?.resolve(),
  };
}

test('no more users than asked for are changed at once, and the next begins when one ends', async () => {
  const { context } = world();
  const { change, most, begun, finish } = gate();
  const all = forEachUser(users, { context, parallel: 2, change });
  expect(begun()).toEqual(['ann', 'bob']);
  finish('bob');
  await expect.poll(begun).toEqual(['ann', 'cid']);
  for (const name of ['ann', 'cid', 'dan', 'eve']) {
    await expect.poll(begun).toContain(name);
    finish(name);
  }
  await all;
  expect(most()).toBe(2);
});

test('results are in the order of the names, whoever is done first', async () => {
  const { context } = world();
  const { change, begun, finish } = gate();
  const all = forEachUser(users, { context, parallel: 5, change });
  expect(begun()).toEqual(names);
  for (const name of names.toReversed()) finish(name);
  expect((await all).users.map(({ user }) => user)).toEqual(names);
});

test('some is changed when one of them is', async () => {
  const { context } = world();
  const change = async ({ name }: { name: string }) => ({ changed: name === 'cid' });
  expect(await forEachUser(users, { context, parallel: 4, change })).toMatchObject({
    changed: true,
  });
});

test('one that fails stops nobody, and the error says which failed and why', async () => {
  const { context } = world();
  const seen: string[] = [];
  const change = async ({ name }: { name: string }) => {
    seen.push(name);
    if (name === 'bob') throw new NotFoundError('No bob.', { code: 'X', suggestions: ['look'] });
    if (name === 'dan') throw new TypeError('a bug');
    return done;
  };
  const error = await forEachUser(users, { context, parallel: 2, change }).catch(
    (thrown: unknown) => thrown,
  );
  expect(seen).toEqual(names);
  expect(error).toBeInstanceOf(PartialFailureError);
  expect(error).toMatchObject({
    exitCode: 7,
    message: '2 of 5 users failed:\n  bob: No bob.\n  dan: a bug (this should not happen)',
    suggestions: ['look'],
  });
});

test('the error of one alone is thrown as it is', async () => {
  const { context } = world();
  const error = new NotFoundError('No bob.', { code: 'X' });
  const change = () => Promise.reject(error);
  await expect(forEachUser([{ name: 'bob' }], { context, parallel: 4, change })).rejects.toBe(
    error,
  );
});

test('after Ctrl-C no more are begun, and those under way are waited for', async () => {
  const { context, abort } = world();
  const { change, begun, finish } = gate();
  const all = forEachUser(users, { context, parallel: 2, change });
  const reason = new Error('Interrupted.');
  abort(reason);
  finish('ann');
  finish('bob');
  await expect(all).rejects.toBe(reason);
  expect(begun()).toEqual([]);
});

test('several at once show lines, and one alone the live list', async () => {
  const { context, lines, live } = world();
  const shown = async (some: typeof users) => {
    const seen: Progress[] = [];
    const change = async (_user: object, { progress }: { progress: Progress }) => {
      seen.push(progress);
      return done;
    };
    await forEachUser(some, { context, parallel: 4, change });
    return seen;
  };
  expect(await shown(users.slice(0, 1))).toEqual([live]);
  expect(await shown(users.slice(0, 2))).toEqual([lines, lines]);
});
