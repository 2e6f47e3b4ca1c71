import { expect, test } from 'vitest';
import { trackStartups } from '../../../src/bridge/startups.ts';

function track() {
  let now = 0;
  const startups = trackStartups({ now: () => now });
  return { startups, advance: (ms: number) => void (now += ms) };
}

test('a server is ready once it has answered', () => {
  const { startups } = track();
  expect([startups.isReady, startups.reason]).toEqual([false, 'starting']);
  startups.succeeded();
  expect(startups.isReady).toBe(true);
});

test('two failures are borne, the third is not, and an answer forgives them all', () => {
  const { startups, advance } = track();
  startups.succeeded();
  startups.failed('exited');
  startups.failed('exited');
  expect([startups.isReady, startups.pauseMs()]).toEqual([true, 0]);
  startups.failed('killed');
  expect([startups.isReady, startups.reason, startups.pauseMs()]).toEqual([false, 'killed', 1000]);
  advance(400);
  expect(startups.pauseMs()).toBe(600);
  startups.succeeded();
  expect([startups.isReady, startups.pauseMs()]).toEqual([true, 0]);
});

test('pauses double up to half a minute', () => {
  const { startups } = track();
  const pauses = Array.from({ length: 10 }, () => {
    startups.failed('exited');
    return startups.pauseMs();
  });
  expect(pauses).toEqual([0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});
