import { describe, expect, test } from 'vitest';
import { addServer } from '../../../src/registry/servers.ts';
import { keepVersion, keptLimits, keptVersion } from '../../../src/registry/versions.ts';
import { version } from '../upgrade/version.ts';
import { add, temporaryRegistry } from './temporary.ts';

describe('the version of a server', () => {
  test('is read as it was kept, caps too', () => {
    using box = temporaryRegistry();
    const { registry } = box;
    const user = add(registry, 'bob');
    const [capped, plain, never] = ['capped', 'plain', 'never'].map((name) =>
      addServer(registry, { user, name, template: '/files', isPortFree: () => true }),
    );
    const made = version({ limits: { memory: '256m', pids: 64 } });
    keepVersion(registry, capped?.id ?? '', made);
    keepVersion(registry, plain?.id ?? '', version());
    expect(keptVersion(registry, capped?.id ?? '')).toEqual(made);
    expect(keptVersion(registry, never?.id ?? '')).toBeUndefined();
    expect(keptLimits(registry)).toEqual(
      new Map([
        [capped?.id, { memory: 256 * 2 ** 20, pids: 64 }],
        [plain?.id, {}],
      ]),
    );
  });
});
