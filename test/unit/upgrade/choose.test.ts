import { describe, expect, test } from 'vitest';
import { unbuilt } from '../../../src/registry/versions.ts';
import { chooseUpgrade } from '../../../src/upgrade/choose.ts';
import { version } from './version.ts';

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
