import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packSnapshot } from '../../../src/backup/backup.ts';
import { readArchive } from '../../../src/backup/read-archive.ts';
import { takeSnapshot } from '../../../src/backup/snapshot.ts';
import type { Context } from '../../../src/context.ts';
import { setOwner } from '../../../src/registry/lifetime.ts';
import { getUser, removeUser } from '../../../src/registry/users.ts';
import { settledHome } from '../user/settled-home.ts';

const alive = { pid: 7, startTime: '1', bootId: 'b' };

/** A backup of users, none: of all, during which bob is removed: who is in it, whose files, and what is told. */
async function backUp(home: Context, names: readonly string[]) {
  const context = { ...home, assets: join(import.meta.dirname, '../../..') };
  const { registry, config } = context;
  const snapshot = await takeSnapshot(context, { names, workspaces: true });
  removeUser(registry, getUser(registry, 'bob').id, { keepUid: false, config });
  const { archive, summary } = packSnapshot(context, snapshot, { logs: true, isLeased: false });
  const { manifest, members } = await readArchive(archive, context.signal);
  const files: string[] = [];
  for await (const { member, place } of members) if (member.type === 'file') files.push(place.rest);
  const users = manifest.users.map(({ name }) => name);
  return { users, files, notices: summary().notices };
}

test('a whole backup goes on without the files of who is removed before their turn, and says so', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { workspace } = getUser(home.context.registry, 'ann');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, 'notes'), 'of ann');
  const { users, files, notices } = await backUp(home.context, []);
  expect({ users, files }).toEqual({ users: ['ann', 'bob'], files: ['notes'] });
  expect(notices.first).toEqual([
    { path: 'bob', what: 'removed meanwhile: their files are not in it' },
  ]);
});

test('a backup of users who are named fails when one of them is removed', async () => {
  using home = await settledHome(['ann', 'bob']);
  await expect(backUp(home.context, ['ann', 'bob'])).rejects.toMatchObject({
    code: 'BACKUP_USER_GONE',
  });
});

test('tenants of mcpd run are not in a whole backup', async () => {
  using home = await settledHome(['ann', 'bob', 'run-1']);
  const { registry } = home.context;
  setOwner(registry, getUser(registry, 'run-1').id, alive);
  expect((await backUp(home.context, [])).users).toEqual(['ann', 'bob']);
});
