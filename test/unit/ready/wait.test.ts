import { describe, expect, it } from 'vitest';
import type { Handshake } from '../../../src/ready/handshake.ts';
import { waitReady, type ReadyProbe } from '../../../src/ready/wait.ts';
import { observedServer, serverSpec } from '../reconcile/specs.ts';

const running = observedServer(serverSpec('filesystem'));

/** Each look at the clock takes a second, so no test waits for real time. */
function steppingClock(): () => number {
  let now = 0;
  return () => (now += 1000);
}

function probe(change: Partial<ReadyProbe>): ReadyProbe {
  return {
    key: 'bob/filesystem',
    handshake: () => Promise.resolve({ state: 'waiting', reason: 'connect ECONNREFUSED' }),
    observe: () => Promise.resolve(running),
    lastLines: () => Promise.resolve(['boom']),
    ...change,
  };
}

function wait(change: Partial<ReadyProbe>): Promise<number> {
  const pause = () => Promise.resolve();
  return waitReady(probe(change), { timeoutMs: 30_000, now: steppingClock(), pause });
}

describe('waitReady', () => {
  it('tries again until the handshake succeeds, and gives the number of tools', async () => {
    const answers: Handshake[] = [
      { state: 'waiting', reason: 'connect ECONNREFUSED' },
      { state: 'ready', tools: 14 },
    ];
    const handshake = () => Promise.resolve(answers.shift() as Handshake);
    await expect(wait({ handshake })).resolves.toBe(14);
  });

  it('ends early when the container exited, with its code and last lines', async () => {
    const observe = () => Promise.resolve({ ...running, state: 'exited' as const, exitCode: 3 });
    await expect(wait({ observe })).rejects.toMatchObject({
      code: 'NOT_READY',
      exitCode: 6,
      message: 'bob/filesystem exited with code 3\nLast lines of its log:\nboom',
    });
  });

  it('ends early when the container keeps exiting', async () => {
    const observe = () =>
      Promise.resolve({ ...running, state: 'restarting' as const, restarts: 3, oomKilled: true });
    await expect(wait({ observe })).rejects.toThrow('keeps exiting (3 restarts), out of memory');
  });

  it('ends early when the container was removed meanwhile', async () => {
    await expect(wait({ observe: () => Promise.resolve(undefined) })).rejects.toThrow('is gone');
  });

  it('gives up at the timeout and says what the last attempt met', async () => {
    await expect(wait({})).rejects.toThrow('is not ready after 30 s: connect ECONNREFUSED');
  });
});
