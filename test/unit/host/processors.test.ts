import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostProcessors } from '../../../src/host/processors.ts';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'mcpd-processors-'))));
afterEach(() => rmSync(root, { recursive: true }));

const second = 'sys/fs/cgroup/cpuset.cpus.effective';
const first = 'sys/fs/cgroup/cpuset/cpuset.cpus';
const online = 'sys/devices/system/cpu/online';

test.each<[string, Record<string, string>, string | undefined]>([
  ['control groups of version 2', { [second]: '2-7\n', [online]: '0-15\n' }, '2-7'],
  ['control groups of version 1', { [first]: '0-1,4\n', [online]: '0-15\n' }, '0-1,4'],
  ['no controller for them', { [online]: '0-3,6\n' }, '0-3,6'],
  ['a list that is not filled in', { [second]: '\n', [online]: '0-3\n' }, '0-3'],
  ['another system', {}, undefined],
])('reads which processors there are with %s', async (_, files, expected) => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  expect(await hostProcessors(root)).toBe(expected);
});
