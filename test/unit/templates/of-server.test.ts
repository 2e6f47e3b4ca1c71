import { expect, test } from 'vitest';
import { addServer } from '../../../src/registry/servers.ts';
import { keepVersion } from '../../../src/registry/versions.ts';
import { templateOf } from '../../../src/templates/of-server.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';
import { version } from '../upgrade/version.ts';

test('a server is described by what it was ready with last, though its folder is gone since', async () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const user = add(registry, 'bob');
  const isPortFree = () => true;
  const server = addServer(registry, { user, name: 'files', template: '/gone', isPortFree });
  const world = { registry, assets: '/nowhere' };
  await expect(templateOf(world, server)).rejects.toThrow('There is no template.json in /gone.');
  keepVersion(registry, server.id, version());
  expect(await templateOf(world, server)).toEqual(version().template);
});
