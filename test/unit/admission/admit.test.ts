import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { admitted, readPromised } from '../../../src/admission/admit.ts';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Context } from '../../../src/context.ts';
import { hostMemory } from '../../../src/host/memory.ts';
import { addServer } from '../../../src/registry/servers.ts';
import { keepVersion } from '../../../src/registry/versions.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';
import { version } from '../upgrade/version.ts';

test('a server is promised what the version that it runs asks for, not what its template says by now', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'mcpd-unit-'));
  using box = temporaryRegistry();
  const { registry, clock } = box;
  const now = { ...version({ limits: { memory: '64m' } }).template, limits: { memory: '1g' } };
  const { folder: _folder, ...written } = now;
  writeFileSync(join(folder.path, 'template.json'), JSON.stringify(written));
  const user = add(registry, 'bob');
  const isPortFree = () => true;
  const server = addServer(registry, { user, name: 'files', template: folder.path, isPortFree });
  const config = hostConfigSchema.parse({
    admission: { memoryShare: (512 * 2 ** 20) / hostMemory() },
  });
  const context = { registry, clock, config, assets: '/nowhere' } as unknown as Context;
  const promised = async () => (await readPromised(context))[0]?.memoryBytes;
  expect(await promised()).toBe(2 ** 30);
  const kept = version({ limits: { memory: '64m' } });
  keepVersion(registry, server.id, kept);
  expect(await promised()).toBe(64 * 2 ** 20);
  // What an upgrade to it would take.
  const newest = version({ limits: { memory: '1g' } });
  const change = () => keepVersion(registry, server.id, newest);
  await expect(admitted(context, { change, rehearsal: true })).rejects.toThrow(
    'bob would need 960MiB; 64MiB of 512MiB are promised.',
  );
  expect(await promised()).toBe(64 * 2 ** 20);
});
