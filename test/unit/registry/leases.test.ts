import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openRegistry, type Registry } from '../../../src/registry/database.ts';
import { withLease, type Lease, type LeaseRequest } from '../../../src/registry/leases.ts';
import { currentHolder, isAlive, type Holder } from '../../../src/registry/processes.ts';
import { readLine, startChild } from './processes.ts';
import { temporaryHome, temporaryRegistry } from './temporary.ts';

function request(more: Partial<LeaseRequest> = {}): LeaseRequest {
  return {
    userName: 'bob',
    command: 'mcpd start bob',
    wait: 30_000,
    holder: currentHolder(),
    probe: isAlive,
    delay: (ms) => delay(ms),
    ...more,
  };
}

const fenceOf = (lease: Lease): Promise<number> => Promise.resolve(lease.fence);

function leaseCount(registry: Registry): number {
  return Number(registry.db.prepare('SELECT count(*) AS n FROM leases').get()?.['n']);
}

describe('withLease', () => {
  test('runs changes to one user one after another, with growing fences', async () => {
    using box = temporaryRegistry();
    const events: string[] = [];
    const change = (name: string): Promise<number> =>
      withLease(box.registry, request(), async ({ fence }) => {
        events.push(`${name} begins`);
        await delay(1);
        events.push(`${name} ends`);
        return fence;
      });
    const fences = await Promise.all([change('first'), change('second'), change('third')]);
    expect(new Set(fences).size).toBe(3);
    const order = events.filter((_, index) => index % 2 === 0).map((event) => event.split(' ')[0]);
    expect(events).toEqual(order.flatMap((name) => [`${name} begins`, `${name} ends`]));
    expect(leaseCount(box.registry)).toBe(0);
  });

  test('different users never wait for each other', async () => {
    using box = temporaryRegistry();
    const refuse = (): Promise<never> => Promise.reject(new Error('it waited'));
    const inner = withLease(box.registry, request(), () =>
      withLease(box.registry, request({ userName: 'alice', delay: refuse }), fenceOf),
    );
    expect(await inner).toBe(2);
  });

  test('says who holds it and since when, once the wait is over', async () => {
    using box = temporaryRegistry();
    await withLease(box.registry, request({ command: 'mcpd user add bob' }), async () => {
      const waits: number[] = [];
      const late = withLease(
        box.registry,
        request({ wait: 200, delay: (ms) => Promise.resolve(waits.push(ms)) }),
        fenceOf,
      );
      await expect(late).rejects.toMatchObject({
        code: 'LOCKED',
        exitCode: 4,
        message: `bob is being changed by "mcpd user add bob" (process ${process.pid}) since 2026-01-01T00:00:00.000Z.`,
      });
      expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(200);
    });
  });

  test('is given back when the change fails', async () => {
    using box = temporaryRegistry();
    const failing = withLease(box.registry, request(), () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(leaseCount(box.registry)).toBe(0);
  });

  test('waits for a living process, and takes over at once from one that was killed', async () => {
    using home = temporaryHome();
    using registry = openRegistry(home);
    const child = startChild('hold-lease.ts', [home.root]);
    try {
      expect(await readLine(child)).toBe('ready');
      await expect(withLease(registry, request({ wait: 0 }), fenceOf)).rejects.toMatchObject({
        code: 'LOCKED',
        message: expect.stringContaining(`"mcpd user update bob" (process ${child.pid})`),
      });
    } finally {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    const refuse = (): Promise<never> => Promise.reject(new Error('it waited'));
    expect(await withLease(registry, request({ delay: refuse }), fenceOf)).toBe(2);
  });

  test('a holder that was taken over learns it and doesn’t take the lease from its successor', async () => {
    using box = temporaryRegistry();
    await withLease(box.registry, request(), async (first) => {
      expect(first.isHeld()).toBe(true);
      const thoughtDead = request({ probe: () => false });
      await withLease(box.registry, thoughtDead, async (second) => {
        expect(second.fence).toBeGreaterThan(first.fence);
        expect([first.isHeld(), second.isHeld()]).toEqual([false, true]);
      });
    });
    expect(leaseCount(box.registry)).toBe(0);
  });
});

describe('isAlive', () => {
  test('tells a process from a later one with its pid, and from one before a reboot', () => {
    const self = currentHolder();
    const others: Holder[] = [
      { ...self, startTime: `${self.startTime}0` },
      { ...self, bootId: 'another boot' },
      { ...self, pid: 2 ** 22 + 1 },
    ];
    expect(isAlive(self)).toBe(true);
    expect(others.map((holder) => isAlive(holder))).toEqual([false, false, false]);
  });
});
