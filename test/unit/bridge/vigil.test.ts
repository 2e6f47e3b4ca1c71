import { beforeEach, expect, test } from 'vitest';
import { underVigil, Vigil } from '../../../src/bridge/vigil.ts';
import type { ChildEvents } from '../../../src/bridge/child.ts';

let vigil: Vigil;
/** Microseconds. */
let time: number;
let throttles: number;
/** What waits for the event loop's next turn. */
let turn: (() => void)[];

beforeEach(() => {
  time = 0;
  throttles = 0;
  turn = [];
  vigil = new Vigil({
    now: () => time / 1000,
    onNextTurn: (callback) => turn.push(callback),
    countThrottles: () => throttles,
  });
});

/** Lets so many microseconds pass, in turns of ten. Gives in how many of them there was a look. */
function pass(us: number): number {
  let looks = 0;
  for (const end = time + us; time < end; time += 10) {
    for (const callback of turn.splice(0)) {
      looks += 1;
      callback();
    }
  }
  return looks;
}

/** Waits so many microseconds for this one to speak. Gives how often there was a look meanwhile. */
function wait(speaker: 'server' | 'client', us: number): number {
  vigil.expect(speaker);
  const looks = pass(us);
  vigil.came();
  return looks;
}

test('begins when a wait was short, and ends with one that was long', () => {
  expect([wait('server', 50), wait('server', 50)]).toEqual([0, 5]);
  const looks = wait('server', 30_000);
  expect(looks).toBeGreaterThan(8);
  expect(looks).toBeLessThan(13);
  expect(wait('server', 50)).toBe(0);
  expect(wait('server', 50)).toBe(5);
});

test('knows a server that answers at once from a client that takes its time', () => {
  const rounds = Array.from({ length: 4 }, () => [wait('server', 50), wait('client', 20_000)]);
  expect(rounds).toEqual([
    [0, 0],
    // The last look for the server comes when it has spoken.
    [5, 1],
    [5, 1],
    [5, 1],
  ]);
});

test('is not for what is there already, as among many calls', () => {
  wait('server', 50);
  // The look of the first wait comes in the second.
  expect([wait('server', 0), wait('server', 50), wait('server', 50)]).toEqual([0, 1, 5]);
});

test('looks once a turn, however much there is to wait for', () => {
  wait('server', 50);
  for (let count = 0; count < 8; count += 1) vigil.expect('server');
  expect(pass(50)).toBe(5);
});

test('leaves the processors to the server for a minute after the container was stopped for its cap', () => {
  wait('server', 50);
  throttles = 1;
  vigil.sweep();
  for (let second = 1; second < 60; second += 1) {
    vigil.sweep();
    expect(wait('server', 50)).toBe(0);
  }
  vigil.sweep();
  expect(wait('server', 50)).toBe(5);
});

test('is kept over what a server is told and says', () => {
  let events: ChildEvents | undefined;
  const told: string[] = [];
  const start = underVigil(vigil, (_label, given) => {
    events = given;
    return {
      pid: 7,
      backlog: 0,
      write: (line) => told.push(line.toString()),
      drained: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      stop: () => Promise.resolve(),
      ended: Promise.resolve(),
    };
  });
  const said: string[] = [];
  const child = start('one', { onLine: (line) => said.push(line.toString()), onEnd: () => {} });
  const call = (): number => {
    child.write(Buffer.from('ask'));
    const looks = pass(50);
    events?.onLine(Buffer.from('answer'));
    return looks;
  };
  expect([call(), call()]).toEqual([0, 5]);
  // Now it is for the client to speak, who never was quick.
  turn.splice(0);
  expect(pass(50)).toBe(0);
  expect([told, said, child.pid]).toEqual([['ask', 'ask'], ['answer', 'answer'], 7]);
});
