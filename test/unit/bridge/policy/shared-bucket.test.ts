import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSharedBucket } from '../../../../src/bridge/policy/shared-bucket.ts';

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bucket-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const rate = { perMinute: 60, burst: 10 };

test('two bridges take from one bucket', () => {
  const folder = makeFolder();
  const [one, other] = [openSharedBucket(folder), openSharedBucket(folder)];
  const taking = { count: 1, now: 1e12 };
  let passed = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    for (const bucket of [one, other]) if (bucket.take(rate, taking) === 0) passed += 1;
  }
  expect(passed).toBe(10);
  expect(one.take(rate, taking)).toBe(1000);
  expect(other.take(rate, { count: 1, now: 1e12 + 1000 })).toBe(0);
});

test('a rate that is raised holds at once, whatever the lower one left to wait', () => {
  const [bucket, taking] = [openSharedBucket(makeFolder()), { count: 10, now: 1e12 }];
  expect(bucket.take({ perMinute: 1, burst: 10 }, taking)).toBe(0);
  const fast = { perMinute: 600, burst: 10 };
  expect(bucket.take(fast, { count: 1, now: 1e12 })).toBe(100);
  expect(bucket.take(fast, { count: 1, now: 1e12 + 100 })).toBe(0);
});

test('one file is left of it, whatever a killed bridge left beside', () => {
  const folder = makeFolder();
  writeFileSync(join(folder, '.rate.abc'), '12');
  const bucket = openSharedBucket(folder);
  for (let count = 0; count < 5; count += 1) bucket.take(rate, { count: 1, now: 1e12 });
  expect(readdirSync(folder).toSorted()).toEqual(['.rate.abc', 'rate.5']);
});

test('a folder that is not there is an error, not a rate without bounds', () => {
  const bucket = openSharedBucket(join(makeFolder(), 'gone'));
  expect(() => bucket.take(rate, { count: 1, now: 1 })).toThrow('ENOENT');
});

const source = new URL('../../../../src/bridge/policy/shared-bucket.ts', import.meta.url).href;
const program = `
  const { openSharedBucket } = await import(${JSON.stringify(source)});
  const bucket = openSharedBucket(process.argv[1]);
  let passed = 0;
  for (let turn = 0; turn < 1500; turn += 1) {
    const taking = { count: 1, now: 1e12 };
    if (bucket.take({ perMinute: 1, burst: 1000 }, taking) === 0) passed += 1;
  }
  console.log(passed);
`;

test('processes that take at the same time get together what the bucket holds, also when one is killed', async () => {
  const folder = makeFolder();
  const run = () => spawn(process.execPath, ['--input-type=module', '-e', program, folder]);
  const passed = async (child: ReturnType<typeof run>): Promise<number> => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await once(child, 'close');
    return Number(text);
  };
  const counts = await Promise.all([run(), run(), run()].map(passed));
  const sum = counts.reduce((all, count) => all + count, 0);
  expect(sum).toBeLessThanOrEqual(1000);
  // One that was overtaken takes again, so that some is lost where all ask without a pause.
  expect(sum).toBeGreaterThan(900);
  // A bridge that dies in the middle holds nobody up.
  rmSync(folder, { recursive: true });
  const fresh = makeFolder();
  const victim = spawn(process.execPath, ['--input-type=module', '-e', program, fresh]);
  await expect.poll(() => readdirSync(fresh).length).toBeGreaterThan(0);
  victim.kill('SIGKILL');
  await once(victim, 'close');
  const bucket = openSharedBucket(fresh);
  while (bucket.take({ perMinute: 1, burst: 1000 }, { count: 1, now: 1e12 }) === 0);
  expect(bucket.take({ perMinute: 1, burst: 1000 }, { count: 1, now: 1e12 })).toBe(60_000);
}, 30_000);
