import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runtimeFolder, userFolder } from '../../../src/reconcile/desired.ts';
import { sweepLeftovers } from '../../../src/reconcile/sweep.ts';
import { withLease } from '../../../src/registry/leases.ts';
import { currentHolder } from '../../../src/registry/processes.ts';
import { addServer } from '../../../src/registry/servers.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';

test('run-time folders of nobody go, and those of servers and of users with servers stay', () => {
  using box = temporaryRegistry();
  const { registry, home } = box;
  const user = add(registry, 'bob');
  const isPortFree = () => true;
  const server = addServer(registry, { user, name: 'memory', template: 'memory', isPortFree });
  const folderOf = (id: string) => runtimeFolder(home, registry.instance, id);
  const kept = [folderOf(server.id), userFolder(home, registry.instance, user.id)];
  const idle = folderOf(add(registry, 'idle').id);
  for (const folder of [...kept, idle, folderOf('saaaaaaaaaa'), folderOf('uaaaaaaaaaa')]) {
    mkdirSync(join(folder, 'secrets'), { recursive: true });
  }
  sweepLeftovers(box);
  expect(readdirSync(join(home.runtime, registry.instance)).toSorted()).toEqual(
    [server.id, user.id].toSorted(),
  );
});

test('drafts of files go, and the files themselves stay', () => {
  using box = temporaryRegistry();
  const { root, keys } = box.home;
  const user = add(box.registry, 'bob');
  const isPortFree = () => true;
  const server = { user, name: 'memory', template: 'memory', isPortFree };
  const { id } = addServer(box.registry, server);
  const folder = runtimeFolder(box.home, box.registry.instance, id);
  mkdirSync(join(folder, 'secrets'), { recursive: true });
  mkdirSync(keys);
  const names = {
    [root]: ['config.json', '.issuer-keys.json.0123456789ab', 'config.json.tmp-8100245012a1b2c3'],
    [folder]: ['tokens.json', '.tokens.json.0123456789ab'],
    [join(folder, 'secrets')]: ['KEY', '.KEY.0123456789ab'],
    [keys]: ['token.jwk', 'token.jwk.0123456789ab', 'secrets.age.0123456789ab'],
  };
  for (const [parent, files] of Object.entries(names)) {
    for (const name of files) writeFileSync(join(parent, name), '');
  }
  sweepLeftovers(box);
  expect(readdirSync(keys)).toEqual(['token.jwk']);
  expect(readdirSync(folder)).toEqual(['secrets', 'tokens.json']);
  expect(readdirSync(join(folder, 'secrets'))).toEqual(['KEY']);
  const left = readdirSync(root).filter((name) => !name.startsWith('registry.db'));
  expect(left).toEqual(['config.json', 'keys', 'users']);
});

test('leases of the dead go where nobody has the name; those of the living stay', async () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const names = () => registry.db.prepare('SELECT user_name FROM leases').all();
  const request = { command: '', wait: 0, probe: () => true, delay: () => Promise.resolve() };
  const holder = currentHolder();
  const dead = { ...holder, startTime: '1' };
  await withLease(registry, { ...request, userName: 'bob', holder }, () =>
    withLease(registry, { ...request, userName: 'gone', holder: dead }, async () => {
      expect(names()).toHaveLength(2);
      sweepLeftovers(box);
      expect(names()).toEqual([{ user_name: 'bob' }]);
    }),
  );
});
