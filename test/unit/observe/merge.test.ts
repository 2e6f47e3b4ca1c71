import { describe, expect, test } from 'vitest';
import { merge } from '../../../src/observe/merge.ts';

async function* of<Item>(...items: Item[]) {
  yield* items;
}

const ascending = (a: number, b: number) => a - b;

describe('merge', () => {
  test('with an order gives all items of sorted sources, sorted', async () => {
    const sources = [of(1, 4, 9), of<number>(), of(2, 3, 10), of(5)];
    expect(await Array.fromAsync(merge(sources, ascending))).toEqual([1, 2, 3, 4, 5, 9, 10]);
  });

  test('without an order a quiet source does not hold up another', async () => {
    const quiet = Promise.withResolvers<number>();
    async function* waits() {
      yield await quiet.promise;
    }
    const merged = merge([waits(), of(1, 2)]);
    expect((await merged.next()).value).toBe(1);
    expect((await merged.next()).value).toBe(2);
    quiet.resolve(3);
    expect((await merged.next()).value).toBe(3);
    expect((await merged.next()).done).toBe(true);
  });

  test('asks a source for its next item only when the last was taken', async () => {
    let asked = 0;
    async function* counted() {
      for (;;) {
        asked += 1;
        yield asked;
      }
    }
    const merged = merge([counted()]);
    await merged.next();
    await new Promise(setImmediate);
    expect(asked).toBe(1);
    await merged.return(undefined);
  });

  test('ends its sources when the consumer stops early', async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (;;) yield 1;
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of merge([endless()])) break;
    await new Promise(setImmediate);
    expect(isClosed).toBe(true);
  });

  test('rejects with the failure of a source', async () => {
    async function* fails() {
      yield 1;
      throw new Error('the engine went away');
    }
    await expect(Array.fromAsync(merge([fails()]))).rejects.toThrow('the engine went away');
  });
});
