import { expect, test } from 'vitest';
import { decide, type Facts } from '../../../scripts/engine-steps.ts';

const bareDebian: Facts = {
  answers: false,
  elsewhere: false,
  platform: 'linux',
  isRoot: true,
  hasApt: true,
  hasSystemd: false,
  missing: ['dockerd', 'iptables', 'nft', 'busybox'],
};

test('a bare Debian gets an engine, the helpful packages, and dockerd', () => {
  expect(decide(bareDebian)).toEqual({
    steps: [
      { type: 'install', packages: ['docker.io', 'iptables'], optional: false },
      { type: 'install', packages: ['nftables', 'busybox-static'], optional: true },
      { type: 'start', by: 'dockerd' },
    ],
  });
});

test('an engine that is installed is only started, by systemd where that runs', () => {
  expect(decide({ ...bareDebian, missing: [], hasSystemd: true })).toEqual({
    steps: [{ type: 'start', by: 'systemctl' }],
  });
});

test('a running engine is never touched', () => {
  expect(decide({ ...bareDebian, answers: true, missing: ['dockerd', 'iptables'] })).toEqual({
    steps: [],
  });
  expect(decide({ ...bareDebian, answers: true, missing: ['nft'] })).toEqual({
    steps: [{ type: 'install', packages: ['nftables'], optional: true }],
  });
  expect(decide({ ...bareDebian, answers: true, isRoot: false })).toEqual({ steps: [] });
});

test.each([
  ['an engine elsewhere does not answer', { elsewhere: true }, 'DOCKER_HOST'],
  ['this is no Linux', { platform: 'darwin' as const }, 'Docker Desktop'],
  ['we are not root', { isRoot: false }, 'as root'],
  ['there is no apt', { hasApt: false }, 'docker.io'],
])('when %s, one line says what to do', (_when, change, words) => {
  const decision = decide({ ...bareDebian, ...change });
  expect('impossible' in decision && decision.impossible).toContain(words);
});

test('without apt, an engine that is installed is started all the same', () => {
  const decision = decide({ ...bareDebian, hasApt: false, missing: ['nft'] });
  expect(decision).toEqual({ steps: [{ type: 'start', by: 'dockerd' }] });
});
