import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createTurns, type Turn } from '../../../../src/bridge/policy/turns.ts';
import { openPolicy, type Concurrency } from '../../../../src/policy/bridge-policy.ts';

function setUp(serverConcurrency: Concurrency | null) {
  let policy = { ...openPolicy, serverConcurrency };
  const turns = createTurns({ policy: () => policy, slots: undefined });
  const order: string[] = [];
  const client = (): ServerResponse => new EventEmitter() as unknown as ServerResponse;
  const queue = async (name: string, response = client()): Promise<Turn | 'gone'> => {
    const turn = await turns.take(1, response);
    if (turn === undefined || turn === 'full') throw new Error(`${name}: ${turn}`);
    order.push(name);
    return turn;
  };
  const change = (limit: Concurrency | null) =>
    (policy = { ...openPolicy, serverConcurrency: limit });
  return { turns, order, queue, client, change };
}

function release(turn: Turn | 'gone'): void {
  if (turn === 'gone') throw new Error('the client is gone');
  turn.release();
}

test('turns come in the order they were asked for, and a second release gives no second turn', async () => {
  const { order, queue } = setUp({ calls: 1, queue: 5 });
  const first = await queue('first');
  const [second, third] = [queue('second'), queue('third')];
  release(first);
  release(first);
  const next = await second;
  expect(order).toEqual(['first', 'second']);
  release(next);
  release(await third);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('who leaves the queue makes place in it, and gets no turn', async () => {
  const { queue, client, turns } = setUp({ calls: 1, queue: 1 });
  const first = await queue('first');
  const leaving = client();
  const left = queue('leaving', leaving);
  expect(turns.take(1, client())).toBe('full');
  leaving.emit('close');
  expect(await left).toBe('gone');
  const next = queue('next');
  release(first);
  release(await next);
});

test('where nothing is limited nobody waits, nor does what makes no call', () => {
  expect(setUp(null).turns.take(1, setUp(null).client())).toBeUndefined();
  const { turns, client } = setUp({ calls: 1, queue: 0 });
  expect(turns.take(0, client())).toBeUndefined();
});

test('more at once than may ever run is refused, not kept waiting', () => {
  const { turns, client } = setUp({ calls: 2, queue: 5 });
  expect(turns.take(3, client())).toBe('full');
});

test('a limit that is lifted lets go who waits', async () => {
  const { queue, change, turns } = setUp({ calls: 1, queue: 5 });
  await queue('first');
  const waiting = [queue('second'), queue('third')];
  change(null);
  turns.sweep();
  expect(await Promise.all(waiting)).not.toContain('gone');
});

test('a user’s calls that cannot be counted do not run', () => {
  const policy = { ...openPolicy, userConcurrency: { calls: 5, queue: 0 } };
  const turns = createTurns({ policy: () => policy, slots: undefined });
  expect(turns.take(1, setUp(null).client())).toBe('full');
});
