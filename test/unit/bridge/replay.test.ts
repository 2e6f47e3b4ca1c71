import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deliveries, Replay, type KeptEvent } from '../../../src/bridge/replay.ts';

const { waiting, written, taken } = deliveries;

function startReplay(messages: number, bytes: number) {
  const lost: string[] = [];
  const replay = new Replay({ messages, bytes, onLostRequest: (id) => lost.push(id) });
  const sequences = new Map<number, number>();
  const add = (stream: number, size: number, more: Partial<KeptEvent> = {}): KeptEvent => {
    const sequence = (sequences.get(stream) ?? 0) + 1;
    sequences.set(stream, sequence);
    const message = Buffer.alloc(size, 'x');
    const event = { stream, sequence, message, requestIdText: undefined, delivery: waiting };
    return replay.add({ ...event, ...more });
  };
  const kept = (stream: number, after = 0): number[] =>
    replay.after(stream, after).map(({ sequence }) => sequence);
  return { replay, lost, add, kept };
}

const action = fc.record({
  stream: fc.integer({ min: 1, max: 3 }),
  size: fc.integer({ min: 1, max: 60 }),
  delivery: fc.constantFrom(waiting, written, taken),
  isTakenLater: fc.boolean(),
});

test('whatever is said, the bounds hold, streams keep their order, and nothing that waits gives way to anything else', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const { replay, add, kept } = startReplay(8, 100);
      for (const { stream, size, delivery, isTakenLater } of actions) {
        const before = waitingOf(replay);
        const event = add(stream, size, { delivery });
        const still = waitingOf(replay);
        expect(still.includes(event)).toBe(delivery === waiting);
        expect(delivery === waiting || still.length === before.length).toBe(true);
        if (isTakenLater) event.delivery = taken;
        const all = [1, 2, 3].flatMap((one) => replay.after(one, 0));
        expect(all.length).toBeLessThanOrEqual(8);
        expect(replay.bytes).toBeLessThanOrEqual(100);
        expect(replay.bytes).toBe(all.reduce((sum, { message }) => sum + message.length, 0));
        for (const one of [1, 2, 3]) {
          expect(kept(one)).toEqual(kept(one).toSorted((left, right) => left - right));
        }
      }
    }),
  );
});

function waitingOf(replay: Replay): KeptEvent[] {
  const all = [1, 2, 3].flatMap((stream) => replay.after(stream, 0));
  return all.filter(({ delivery }) => delivery === waiting);
}

test('a full buffer drops the oldest', () => {
  const { add, kept } = startReplay(3, 100);
  for (let count = 0; count < 5; count += 1) add(1, 1);
  expect(kept(1)).toEqual([3, 4, 5]);
  expect(kept(1, 4)).toEqual([5]);
  add(1, 99);
  expect(kept(1)).toEqual([5, 6]);
});

test('what a connection has taken falls out first, then what it was given, then what waits', () => {
  const { add, kept } = startReplay(3, 100);
  add(1, 1);
  add(2, 1, { delivery: written });
  add(3, 1, { delivery: written }).delivery = taken;
  add(4, 1);
  expect([1, 2, 3, 4].map((stream) => kept(stream).length)).toEqual([1, 1, 0, 1]);
  add(4, 1);
  expect([1, 2, 4].map((stream) => kept(stream).length)).toEqual([1, 0, 2]);
  add(4, 1);
  expect([1, 4].map((stream) => kept(stream).length)).toEqual([0, 3]);
});

test('a message above the bound is not kept, and pushes nothing out', () => {
  const { replay, lost, add, kept } = startReplay(3, 100);
  add(1, 10);
  add(1, 101, { requestIdText: '7' });
  expect([kept(1), replay.bytes, lost]).toEqual([[1], 10, ['7']]);
});

test('a request of the server that falls out is lost only when nobody was given it', () => {
  const { replay, lost, add } = startReplay(1, 100);
  add(1, 1, { requestIdText: '"a"' });
  add(1, 1, { requestIdText: '"b"', delivery: written });
  add(2, 1, { requestIdText: '"c"' });
  replay.forget(2);
  expect(lost).toEqual(['"a"', '"c"']);
  expect([replay.bytes, replay.has(2)]).toEqual([0, false]);
});

test('keeping a line does not keep the chunk it came in', () => {
  const { replay, add } = startReplay(3, 100);
  const chunk = Buffer.from('one two');
  add(1, 0, { message: chunk.subarray(0, 3) });
  chunk.fill('-');
  expect(replay.after(1, 0)[0]?.message.toString()).toBe('one');
});
