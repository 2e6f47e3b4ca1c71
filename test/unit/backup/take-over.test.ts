import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../../src/backup/manifest.ts';
import type { Read } from '../../../src/backup/read-archive.ts';
import { restoreArchive } from '../../../src/backup/restore.ts';
import { succeed } from '../../../src/backup/take-over.ts';
import type { Context } from '../../../src/context.ts';
import { findInstance } from '../../../src/registry/database.ts';
import { createGroup } from '../../../src/registry/groups.ts';
import { listUsers } from '../../../src/registry/users.ts';
import { findTokenKey, keepTokenKey, loadTokenKeys } from '../../../src/tokens/keys.ts';
import { add } from '../registry/temporary.ts';
import { settledHome } from '../user/settled-home.ts';
import { manifest as manifestOf, userBackup } from './temporary.ts';

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

/** Restores a whole backup into an empty home; while it is unpacked somebody uses that home. */
async function restoreMeanwhile(context: Context, use: () => unknown): Promise<unknown> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const identity = { settings: {}, tokenKeyFile: JSON.stringify(jwk) };
  const home = join(context.home.root, 'former');
  const users = [userBackup({ servers: [] })];
  const manifest = manifestOf({ instance, identity, home, tokenKey: jwk.x ?? '', users });
  // oxlint-disable-next-line require-yield -- a backup without files
  const members = (async function* (): AsyncGenerator<Read> {
    await use();
  })();
  const request = { names: [], as: undefined, dryRun: false, waitMs: undefined, parallel: 1 };
  return restoreArchive(context, { manifest, members }, request);
}

test('what an empty home took over are instance, key and users', async () => {
  using home = await settledHome([]);
  const { context } = home;
  expect(await restoreMeanwhile(context, () => undefined)).toMatchObject({ home: 'taken over' });
  expect(findInstance(context.home.registry)).toBe(instance);
  expect(listUsers(context.registry)).toMatchObject([{ name: 'bob' }]);
});

test.each<[string, (context: Context) => unknown]>([
  ['a user', ({ registry }) => add(registry, 'carol')],
  ['a group', ({ registry }) => createGroup(registry, { name: 'students', policy: {} })],
  ['a key', ({ home }) => loadTokenKeys(home)],
])('a home that gets %s while a backup is unpacked is not taken over', async (_what, use) => {
  using home = await settledHome([]);
  const { context } = home;
  const restoring = restoreMeanwhile(context, () => use(context));
  await expect(restoring).rejects.toMatchObject({ code: 'HOME_IN_USE', exitCode: 4 });
  expect(findInstance(context.home.registry)).toBe(context.registry.instance);
  expect(listUsers(context.registry).filter(({ name }) => name === 'bob')).toEqual([]);
  expect(readdirSync(context.home.users)).toEqual([]);
});

test('the key of a backup never passes for that of a home which has another one', async () => {
  using home = await settledHome([]);
  const { home: paths } = home.context;
  const { publicJwk } = await loadTokenKeys(paths);
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  await expect(keepTokenKey(paths, JSON.stringify(jwk))).rejects.toMatchObject({
    code: 'KEY_DIFFERS',
  });
  expect(findTokenKey(paths)).toBe(publicJwk.x);
});
