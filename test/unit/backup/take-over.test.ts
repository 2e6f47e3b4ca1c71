import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/backup/manifest.ts';
import { succeed } from '../../../src/backup/take-over.ts';
import { settledHome } from '../user/settled-home.ts';

const instance = 'aaaaaaaa';

/** Restores a whole backup of `former` into an empty home. */
async function successionOf(write: (former: string) => void) {
  using home = await settledHome([]);
  const former = join(home.context.home.root, 'former');
  mkdirSync(former);
  write(former);
  const identity = { settings: {}, tokenKeyFile: '' };
  const manifest = { instance, identity, home: former, tokenKey: 'x' } as unknown as Manifest;
  const { takesOver, livesBeside } = await succeed(home.context, manifest, { isWhole: true });
  return { takesOver, livesBeside };
}

test('an empty home takes over from one that is gone', async () => {
  expect(await successionOf(() => undefined)).toEqual({ takesOver: true, livesBeside: false });
});

// It is what a backup is for; and whose containers and files there still are can't be known.
test.each([
  ['damaged', 'x'.repeat(8192)],
  ['empty', ''],
])(
  'a home whose registry is %s is taken to live, and keeps nobody from restoring',
  async (_, text) => {
    const write = (former: string) => writeFileSync(join(former, 'registry.db'), text);
    expect(await successionOf(write)).toEqual({ takesOver: false, livesBeside: true });
  },
);
