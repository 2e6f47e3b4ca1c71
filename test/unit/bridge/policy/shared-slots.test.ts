import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSharedSlots } from '../../../../src/bridge/policy/shared-slots.ts';

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'slots-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let now = 1.7e12;
  const clock = { now: () => now };
  const open = () => openSharedSlots(folder, clock);
  return { folder, open, advance: (ms: number) => (now += ms) };
}

test('bridges hold together as many slots as there are', () => {
  const { open } = setUp();
  const [one, other] = [open(), open()];
  expect(one.take(3, 2)).toHaveLength(2);
  expect(other.take(3, 2)).toEqual([]);
  const taken = other.take(3, 1);
  expect(taken).toHaveLength(1);
  expect(one.take(3, 1)).toEqual([]);
  other.release(taken);
  expect(one.take(3, 1)).toHaveLength(1);
});

test('the slots of a bridge that is gone are taken over, those of one that runs are not', () => {
  const { open, advance, folder } = setUp();
  const [gone, running, next] = [open(), open(), open()];
  const lost = gone.take(2, 1);
  running.take(2, 1);
  for (let second = 0; second < 11; second += 1) {
    expect(next.take(2, 1)).toEqual([]);
    advance(1_000);
    running.refresh();
  }
  expect(next.take(2, 1)).toEqual(lost);
  // Should it come back after all, the slot is not its own any more.
  gone.refresh();
  gone.release(lost);
  expect(next.take(2, 1)).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('where nothing can be counted there are no slots', () => {
  expect(openSharedSlots('/nowhere', { now: () => 0 }).take(5, 1)).toEqual([]);
});
