import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { listenForInterrupt } from '../../../src/cli/interrupt.ts';
import { CancelledError } from '../../../src/errors.ts';

test('the first Ctrl-C asks the command to end', () => {
  const source = new EventEmitter();
  const interrupt = listenForInterrupt(source);
  expect(interrupt.signal.aborted).toBe(false);
  source.emit('SIGINT');
  expect(interrupt.signal.reason).toBeInstanceOf(CancelledError);
  interrupt.dispose();
});

test('the second one ends it', async () => {
  const source = new EventEmitter();
  const interrupt = listenForInterrupt(source);
  source.emit('SIGINT');
  source.emit('SIGINT');
  await expect(interrupt.overdue).rejects.toBeInstanceOf(CancelledError);
  interrupt.dispose();
});

test('a command that does not end by itself is left after a while', async () => {
  vi.useFakeTimers();
  try {
    const source = new EventEmitter();
    const interrupt = listenForInterrupt(source);
    source.emit('SIGINT');
    const overdue = expect(interrupt.overdue).rejects.toBeInstanceOf(CancelledError);
    await vi.advanceTimersByTimeAsync(5_000);
    await overdue;
    interrupt.dispose();
  } finally {
    vi.useRealTimers();
  }
});

test('after it is disposed of, Ctrl-C is somebody else’s again', () => {
  const source = new EventEmitter();
  listenForInterrupt(source).dispose();
  expect(source.listenerCount('SIGINT')).toBe(0);
});

test('signals that are diverted go to whoever took them, and abort nothing', () => {
  const source = new EventEmitter();
  const interrupt = listenForInterrupt(source, { signals: ['SIGINT', 'SIGTERM'] });
  const told: string[] = [];
  interrupt.divert((name) => told.push(name));
  source.emit('SIGTERM', 'SIGTERM');
  source.emit('SIGINT', 'SIGINT');
  expect(told).toEqual(['SIGTERM', 'SIGINT']);
  expect(interrupt.signal.aborted).toBe(false);
  interrupt.dispose();
  expect(source.listenerCount('SIGTERM')).toBe(0);
});
