import { expect, test } from 'vitest';
import { makesRules } from '../../../src/host/daemons.ts';

const dockerd = (config: string | undefined, ...flags: string[]) =>
  makesRules({ argv: ['/usr/bin/dockerd', ...flags], config });

test('a daemon makes firewall rules unless it is told not to', () => {
  expect(dockerd(undefined)).toBe(true);
  expect(dockerd('{"log-level": "warn"}', '--host=fd://')).toBe(true);
  expect(dockerd(undefined, '--iptables')).toBe(true);
  expect(dockerd(undefined, '--iptables=true')).toBe(true);
  expect(dockerd('{"iptables": true}')).toBe(true);
});

test('by a flag', () => {
  expect(dockerd(undefined, '--iptables=false')).toBe(false);
  expect(dockerd(undefined, '--debug', '--iptables=0')).toBe(false);
  expect(dockerd(undefined, '--iptables=true', '--iptables=F')).toBe(false);
});

test('or by its configuration', () => {
  expect(dockerd('{"iptables": false}')).toBe(false);
  expect(dockerd('{"ip6tables": false}')).toBe(true);
});

test('what a configuration without sense says is not known', () => {
  expect(dockerd('{"iptables": "no"}')).toBeUndefined();
  expect(dockerd('{')).toBeUndefined();
});
