import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('a command that does not end by itself', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('tells what it waits for, and is left after a while', async () => {
    const source = new EventEmitter();
    const onWait = vi.fn<() => void>();
    const interrupt = listenForInterrupt(source, { onWait });
    source.emit('SIGINT');
    const left = vi.fn<() => void>();
    interrupt.overdue.catch(left);
    await vi.advanceTimersByTimeAsync(999);
    expect(onWait).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(onWait).toHaveBeenCalledOnce();
    expect(left).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(left).toHaveBeenCalledWith(expect.any(CancelledError));
    interrupt.dispose();
  });

  test('says nothing once it has ended', async () => {
    const source = new EventEmitter();
    const onWait = vi.fn<() => void>();
    const interrupt = listenForInterrupt(source, { onWait });
    source.emit('SIGINT');
    interrupt.dispose();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onWait).not.toHaveBeenCalled();
  });
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
