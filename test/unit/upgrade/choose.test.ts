import { describe, expect, test } from 'vitest';
import { unbuilt } from '../../../src/image/current.ts';
import type { Version } from '../../../src/registry/versions.ts';
import { templateSchema } from '../../../src/templates/schema.ts';
import { chooseUpgrade, versionLabel } from '../../../src/upgrade/choose.ts';

function version(change: object = {}, image = 'sha256:aaa'): Version {
  const template = templateSchema.parse({
    name: 'files',
    title: 'Files',
    description: 'Files.',
    source: { npm: '@x/files@1.2.3' },
    command: ['node', '${package}/index.js'],
    riskLevel: 'low',
    requiresUserIsolation: true,
    userAware: false,
    ...change,
  });
  return { template: { ...template, folder: '/templates/files' }, image };
}

const running = { server: { desired: 'running' }, wanted: true } as const;

describe('chooseUpgrade', () => {
  test.each([
    ['another template', version({ env: { MODE: 'new' } })],
    ['an image that was built anew', version({}, 'sha256:bbb')],
    ['an image still to be built', version({}, unbuilt)],
  ])('finds %s due', (_what, newest) => {
    expect(chooseUpgrade({ ...running, current: version(), newest })).toBe('due');
  });

  test('leaves alone what is made from the newest already, wherever its template is now', () => {
    const moved = version();
    const newest = { ...moved, template: { ...moved.template, folder: '/elsewhere' } };
    expect(chooseUpgrade({ ...running, current: version(), newest })).toBe('unchanged');
  });

  test('makes one that was never ready try the newest', () => {
    expect(chooseUpgrade({ ...running, current: undefined, newest: version() })).toBe('due');
  });

  test.each([
    { server: { desired: 'stopped' }, wanted: true } as const,
    { server: { desired: 'running' }, wanted: false } as const,
  ])('touches none that doesn’t run, since nobody would see it get ready: %j', (candidate) => {
    const newest = version({}, 'sha256:bbb');
    expect(chooseUpgrade({ ...candidate, current: version(), newest })).toBe('stopped');
  });
});

describe('versionLabel', () => {
  test('names the package’s version, and differs with everything that makes a version', () => {
    const label = versionLabel(version());
    expect(label).toMatch(/^1\.2\.3-[0-9a-f]{7}$/);
    expect(versionLabel(version())).toBe(label);
    expect(versionLabel(version({ env: { MODE: 'new' } }))).not.toBe(label);
    expect(versionLabel(version({}, 'sha256:bbb'))).not.toBe(label);
  });

  test('says so where the image is still to be built', () => {
    expect(versionLabel(version({}, unbuilt))).toBe('1.2.3, to be built');
  });
});
