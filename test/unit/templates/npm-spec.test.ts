import { expect, test } from 'vitest';
import { parseNpmSpec } from '../../../src/templates/npm-spec.ts';

test.each([
  ['left-pad@1.3.0', { kind: 'registry', name: 'left-pad', version: '1.3.0' }],
  ['@scope/server@^2.0.0', { kind: 'registry', name: '@scope/server', version: '^2.0.0' }],
  ['@scope/server', { kind: 'registry', name: '@scope/server', version: 'latest' }],
  ['./server', { kind: 'folder', path: '/templates/x/server' }],
  ['.', { kind: 'folder', path: '/templates/x' }],
  ['/srv/server-1.0.0.tgz', { kind: 'tarball', path: '/srv/server-1.0.0.tgz' }],
  ['file:server.tar.gz', { kind: 'tarball', path: '/templates/x/server.tar.gz' }],
])('%s', (spec, expected) => {
  expect(parseNpmSpec(spec, '/templates/x')).toEqual(expected);
});

test.each(['', '@scope', 'UPPER@1', 'a b', 'name@1;rm', 'git+https://x/y', '-g'])(
  '%j is neither',
  (spec) => {
    expect(parseNpmSpec(spec, '/templates/x')).toBeUndefined();
  },
);
