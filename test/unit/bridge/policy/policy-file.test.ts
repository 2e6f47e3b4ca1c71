import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { closedPolicy, readPolicyFile } from '../../../../src/bridge/policy/policy-file.ts';
import { openPolicy, type BridgePolicy } from '../../../../src/policy/bridge-policy.ts';

function makeFile() {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'policy.json');
  const put = (value: unknown): void => {
    writeFileSync(`${file}.new`, typeof value === 'string' ? value : JSON.stringify(value));
    renameSync(`${file}.new`, file);
  };
  return { file, put };
}

const strict: BridgePolicy = {
  ...openPolicy,
  groups: ['staff'],
  tools: { allow: ['read_*'], deny: ['*_secret'], most: 5 },
  userRate: { perMinute: 600, burst: 20 },
  serverConcurrency: { calls: 4, queue: 0 },
};

test('where there has never been a policy everything is allowed', () => {
  const { file } = makeFile();
  expect(readPolicyFile(file)()).toEqual(openPolicy);
});

test('a policy that is put in place holds from the next question on', () => {
  const { file, put } = makeFile();
  const read = readPolicyFile(file);
  read();
  put(strict);
  expect(read()).toEqual(strict);
  put(openPolicy);
  expect(read()).toEqual(openPolicy);
});

test('an old file is read once', () => {
  const { file, put } = makeFile();
  put(strict);
  const old = new Date(Date.now() - 60_000);
  utimesSync(file, old, old);
  const read = readPolicyFile(file);
  expect(read()).toBe(read());
});

test('a policy that was there and is gone exposes nothing', () => {
  const { file, put } = makeFile();
  put(strict);
  const read = readPolicyFile(file);
  read();
  rmSync(file);
  expect(read()).toEqual(closedPolicy);
});

test.each([
  '',
  '{',
  'null',
  { ...strict, schema: 2 },
  { ...strict, groups: 'staff' },
  { ...strict, tools: undefined },
  { ...strict, prompts: { allow: null, deny: [1], most: null } },
  { ...strict, resources: { allow: null, deny: [], most: '5' } },
  { ...strict, userRate: { perMinute: 0, burst: 1 } },
  { ...strict, serverRate: { perMinute: 60 } },
  { ...strict, userConcurrency: undefined },
  { ...strict, serverConcurrency: { calls: 0, queue: 1 } },
])('what is no policy exposes nothing: %j', (value) => {
  const { file, put } = makeFile();
  put(value);
  expect(readPolicyFile(file)()).toEqual(closedPolicy);
});
