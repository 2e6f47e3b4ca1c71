import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { measureFolder } from '../../../src/storage/measure.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpd-measure-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('counts files in all folders, a file of two names once', () => {
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  writeFileSync(join(folder, 'a/b/file'), Buffer.alloc(100_000, 1));
  const before = measureFolder(folder);
  linkSync(join(folder, 'a/b/file'), join(folder, 'again'));
  const after = measureFolder(folder);
  expect(before?.bytes).toBeGreaterThanOrEqual(100_000);
  expect(after).toEqual({ bytes: before?.bytes, entries: 4 });
});

test('a link is not followed', () => {
  writeFileSync(join(folder, 'large'), Buffer.alloc(1_000_000, 1));
  const outside = measureFolder(folder)?.bytes ?? 0;
  const inside = join(folder, 'inside');
  mkdirSync(inside);
  symlinkSync(join(folder, 'large'), join(inside, 'link'));
  symlinkSync(folder, join(inside, 'up'));
  expect(outside).toBeGreaterThan(1_000_000);
  expect(measureFolder(inside)?.bytes).toBeLessThan(100_000);
});

test('gives up on too many files, and on what is not there', () => {
  for (let index = 0; index < 5; index += 1) writeFileSync(join(folder, String(index)), '');
  expect(measureFolder(folder, 5)).toMatchObject({ entries: 5 });
  expect(measureFolder(folder, 4)).toBeUndefined();
  expect(measureFolder(join(folder, 'missing'))).toBeUndefined();
});

test('a folder that is swapped for a link while it is counted leads nowhere else', async () => {
  const outside = join(folder, 'outside');
  const inside = join(folder, 'inside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'large'), Buffer.alloc(1_000_000, 1));
  mkdirSync(join(inside, 'folder'), { recursive: true });
  symlinkSync(outside, join(inside, 'link'));
  for (let count = 0; count < 50; count += 1) writeFileSync(join(inside, `${count}`), '');
  const swapper = spawn(process.execPath, ['--input-type=module', '-e', swapping], { cwd: inside });
  try {
    await once(swapper.stdout, 'data');
    for (let count = 0; count < 500; count += 1) {
      expect(measureFolder(inside)?.bytes).toBeLessThan(100_000);
    }
  } finally {
    swapper.kill('SIGKILL');
    await once(swapper, 'exit');
  }
});

const swapping = `
  import { renameSync } from 'node:fs';
  process.stdout.write('begun');
  for (;;) {
    renameSync('folder', 'away'); renameSync('link', 'folder');
    renameSync('folder', 'link'); renameSync('away', 'folder');
  }`;

test('a name that is no text is counted too', () => {
  const name = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff])]);
  writeFileSync(name, Buffer.alloc(100_000, 1));
  expect(measureFolder(folder)?.bytes).toBeGreaterThanOrEqual(100_000);
});
