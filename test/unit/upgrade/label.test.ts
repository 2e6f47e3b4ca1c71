import { describe, expect, test } from 'vitest';
import { unbuilt } from '../../../src/registry/versions.ts';
import { versionLabel } from '../../../src/upgrade/label.ts';
import { version } from './version.ts';

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
