import { mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureHome } from '../../../src/config/folder.ts';
import { prepareWorkspace } from '../../../src/workspace/prepare.ts';
import { temporaryHome, thrownBy } from '../registry/temporary.ts';

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const unprivileged = uid !== 0;
const tenant = { uid: 200000, gid: 200001, managed: false };

describe('prepareWorkspace', () => {
  test('makes a folder for its owner alone, in traversable parents, once', () => {
    using home = temporaryHome();
    ensureHome(home);
    const path = join(home.users, 'uaaa/workspace');
    expect(prepareWorkspace(path, { uid, gid, managed: true })).toBe(true);
    expect(prepareWorkspace(path, { uid, gid, managed: true })).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o711);
  });

  test.skipIf(unprivileged)('gives a new folder and an empty one to the tenant', () => {
    using home = temporaryHome();
    ensureHome(home);
    const [made, empty] = [join(home.root, 'made'), join(home.root, 'empty')];
    mkdirSync(empty, { mode: 0o750 });
    for (const path of [made, empty]) {
      expect(prepareWorkspace(path, tenant)).toBe(true);
      expect(statSync(path)).toMatchObject({ uid: 200000, gid: 200001 });
      expect(prepareWorkspace(path, tenant)).toBe(false);
    }
    expect(statSync(empty).mode & 0o777).toBe(0o750);
  });

  test('refuses somebody else’s folder with files in it, says what to do, and changes nothing', () => {
    using home = temporaryHome();
    ensureHome(home);
    const path = join(home.root, 'full');
    mkdirSync(path);
    writeFileSync(join(path, 'file'), '');
    expect(thrownBy(() => prepareWorkspace(path, { ...tenant, uid: uid + 7 }))).toMatchObject({
      code: 'WORKSPACE_NOT_OWNED',
      exitCode: 4,
      suggestions: expect.arrayContaining([`chown -R ${uid + 7}:200001 ${path}`]),
    });
    expect(statSync(path).uid).toBe(uid);
    rmSync(join(path, 'file'));
  });

  test('never follows a link that took the folder’s place', () => {
    using home = temporaryHome();
    ensureHome(home);
    const target = join(home.root, 'target');
    mkdirSync(target);
    symlinkSync(target, join(home.root, 'link'));
    expect(() => prepareWorkspace(join(home.root, 'link'), tenant)).toThrow(/ENOTDIR|ELOOP/);
    expect(statSync(target).uid).toBe(uid);
  });
});
