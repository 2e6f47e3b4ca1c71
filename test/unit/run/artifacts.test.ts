import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { refuseWorkspace } from '../../../src/run/artifacts.ts';
import { add, temporaryRegistry } from '../registry/temporary.ts';

test('artifacts can’t be saved where a server could put a link', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const folder = dirname(box.home.root);
  const [own, outside] = [join(folder, 'checkout'), join(folder, 'logs')];
  const { workspace } = add(registry, 'bob');
  for (const path of [workspace, own]) mkdirSync(path, { recursive: true });
  symlinkSync(own, join(folder, 'link'));
  const refused = { code: 'ARTIFACTS_IN_WORKSPACE', exitCode: 8 };
  const check = (artifacts: string) => () =>
    refuseWorkspace({ registry }, { folder: artifacts, workspace: own });
  for (const path of [
    own,
    join(own, 'new/logs'),
    join(folder, 'link/logs'),
    join(workspace, 'x'),
  ]) {
    expect(check(path), path).toThrow(expect.objectContaining(refused));
  }
  for (const path of [outside, folder, `${own}-logs`]) expect(check(path), path).not.toThrow();
});
