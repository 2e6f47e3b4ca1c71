import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onePerHost } from '../../../src/image/once.ts';

const module = join(import.meta.dirname, '../../../src/image/once.ts');
const maxWaitMs = 20_000;

/** Another process that holds `name` until it is killed. */
async function holder(name: string) {
  const script = `
    import { onePerHost } from ${JSON.stringify(module)};
    await onePerHost(${JSON.stringify(name)}, { maxWaitMs: 1 }, () => {
      console.log('held');
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('runs with the same name never overlap, and each gives its own result', async () => {
  const name = randomUUID();
  let running = 0;
  let most = 0;
  const run = (value: number) =>
    onePerHost(name, { maxWaitMs }, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return value;
    });
  expect(await Promise.all([1, 2, 3, 4, 5].map(run))).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(1);
});

test('a failed run lets go', async () => {
  const name = randomUUID();
  const failing = onePerHost(name, { maxWaitMs }, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await onePerHost(name, { maxWaitMs }, () => Promise.resolve('yes'))).toBe('yes');
});

test('waits for another process, says so, and goes on at once when that is killed', async () => {
  const name = randomUUID();
  const child = await holder(name);
  const result = await onePerHost(name, { maxWaitMs, onWait: () => child.kill('SIGKILL') }, () =>
    Promise.resolve(child.killed),
  );
  expect(result).toBe(true);
});

test('a holder that never lets go holds nobody up for ever', async () => {
  const name = randomUUID();
  const child = await holder(name);
  try {
    expect(await onePerHost(name, { maxWaitMs: 50 }, () => Promise.resolve('ran'))).toBe('ran');
  } finally {
    child.kill('SIGKILL');
  }
});

test('an aborted wait ends, without running', async () => {
  const name = randomUUID();
  const child = await holder(name);
  const abort = new AbortController();
  try {
    const waiting = onePerHost(
      name,
      { maxWaitMs, signal: abort.signal, onWait: () => abort.abort(new Error('stopped')) },
      () => Promise.resolve('ran'),
    );
    await expect(waiting).rejects.toThrow('stopped');
  } finally {
    child.kill('SIGKILL');
  }
});
