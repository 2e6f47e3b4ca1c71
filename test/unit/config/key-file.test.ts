import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureHome } from '../../../src/config/folder.ts';
import { ensureKeyFile, readKeyFile } from '../../../src/config/key-file.ts';
import { temporaryHome, thrownBy } from '../registry/temporary.ts';

test('of several that make a key at once one wins, and all get the winner’s', async () => {
  using home = temporaryHome();
  ensureHome(home);
  const path = join(home.keys, 'test.key');
  let together = 0;
  let begin = (): void => undefined;
  const all = new Promise<void>((resolve) => (begin = resolve));
  const keys = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      ensureKeyFile(path, async () => {
        together += 1;
        if (together === 10) begin();
        await all;
        return `key ${index}`;
      }),
    ),
  );
  expect(together).toBe(10);
  expect(new Set(keys).size).toBe(1);
  expect(readKeyFile(path)).toBe(keys[0]);
  expect(readdirSync(home.keys)).toEqual(['test.key']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(home.keys).mode & 0o777).toBe(0o700);
});

test('a key that others can read is refused', async () => {
  using home = temporaryHome();
  ensureHome(home);
  const path = join(home.keys, 'test.key');
  expect(readKeyFile(path)).toBeUndefined();
  await ensureKeyFile(path, () => 'key');
  chmodSync(path, 0o644);
  expect(thrownBy(() => readKeyFile(path))).toMatchObject({
    code: 'KEY_FILE_EXPOSED',
    exitCode: 8,
  });
});
