import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bridgeName } from '../../../src/firewall/bridge.ts';
import {
  formatTarget,
  mergeTargets,
  setResolvers,
  setTenant,
  unsetTenant,
  type Target,
} from '../../../src/firewall/elements.ts';

const bridge = 'mcpd-0ac80010';

describe('bridgeName', () => {
  test('is the hex form of the subnet address, within the 15 characters of a device name', () => {
    expect(bridgeName('10.200.0.16/28')).toBe(bridge);
    expect(bridgeName('255.255.255.240/28')).toHaveLength(13);
  });
});

describe('setTenant', () => {
  test('puts a bridge into its profile and takes it out of every other', () => {
    const commands = setTenant({ bridge, profile: 'public', targets: [] }, []);
    expect(finalState(commands)).toEqual([
      `own { "${bridge}" . "${bridge}" }`,
      `online { "${bridge}" }`,
      `public { "${bridge}" }`,
    ]);
  });

  test('leaves a bridge without egress out of every profile and away from the resolvers', () => {
    const commands = setTenant({ bridge, profile: 'none', targets: [] }, []);
    expect(finalState(commands)).toEqual([`own { "${bridge}" . "${bridge}" }`]);
    expect(commands[0]).toContain(`tenants { "${bridge}" : goto egress }`);
  });

  test('adds wanted targets, drops those no longer wanted and keeps the rest untouched', () => {
    const targets = [{ address: '192.0.2.7', prefix: 32, port: 443 }];
    const commands = setTenant({ bridge, profile: 'allow', targets }, [
      '192.0.2.7 . 443',
      '192.0.2.8 . 80',
    ]);
    const deleted = commands.filter((one) => one.startsWith('delete') && one.includes('targets'));
    expect(deleted).toEqual([`delete element inet mcpd targets { "${bridge}" . 192.0.2.8 . 80 }`]);
    expect(finalState(commands)).toContain(`targets { "${bridge}" . 192.0.2.7 . 443 }`);
  });

  test('refuses a name that is not a bridge of ours, so that no text gets into a rule set', () => {
    expect(() => setTenant({ bridge: 'eth0', profile: 'open', targets: [] }, [])).toThrow(
      TypeError,
    );
    expect(() => unsetTenant('mcpd-x" } ; flush ruleset', [])).toThrow(TypeError);
  });
});

test('unsetTenant leaves nothing of a bridge', () => {
  const set = setTenant(
    { bridge, profile: 'allow', targets: [{ address: '192.0.2.7', prefix: 32 }] },
    [],
  );
  expect(finalState([...set, ...unsetTenant(bridge, ['192.0.2.7 . 0-65535'])])).toEqual([]);
});

describe('setResolvers', () => {
  test('replaces the old ones and skips what is not an IPv4 address', () => {
    expect(setResolvers(['192.0.2.53', 'fd00::53'])).toEqual([
      'flush set inet mcpd resolvers',
      'add element inet mcpd resolvers { 192.0.2.53 }',
    ]);
    expect(setResolvers([])).toEqual(['flush set inet mcpd resolvers']);
  });
});

describe('mergeTargets', () => {
  test('drops what a broader target covers and writes networks by their first address', () => {
    const merged = mergeTargets([
      { address: '10.1.2.3', prefix: 32, port: 443 },
      { address: '10.9.9.9', prefix: 8 },
      { address: '192.0.2.1', prefix: 32, port: 443 },
      { address: '192.0.2.1', prefix: 32 },
    ]);
    expect(merged.map(formatTarget)).toEqual(['10.0.0.0/8 . 0-65535', '192.0.2.1 . 0-65535']);
  });

  test('a host may have several ports', () => {
    const address = '192.0.2.1';
    const targets = [80, 443].map((port) => ({ address, prefix: 32, port }));
    expect(mergeTargets(targets)).toHaveLength(2);
  });

  const byte = fc.integer({ min: 0, max: 3 });
  const target: fc.Arbitrary<Target> = fc
    .tuple(fc.tuple(byte, byte, byte, byte), fc.constantFrom(8, 16, 24, 31, 32), fc.boolean())
    .map(([bytes, prefix, onPort]) => ({
      address: bytes.join('.'),
      prefix,
      ...(onPort && prefix === 32 && { port: 443 }),
    }));

  test('never gives two entries that overlap, and loses no address', () => {
    fc.assert(
      fc.property(fc.array(target, { maxLength: 12 }), (targets) => {
        const merged = mergeTargets(targets);
        for (const [i, a] of merged.entries()) {
          for (const b of merged.slice(i + 1)) expect(overlaps(a, b)).toBe(false);
        }
        for (const one of targets) expect(merged.some((kept) => holds(kept, one))).toBe(true);
      }),
    );
  });
});

/** What remains in the sets after the commands, `tenants` left out. */
function finalState(commands: readonly string[]): string[] {
  const left = new Set<string>();
  for (const command of commands) {
    const [, verb, element = ''] = /^(add|delete) element inet mcpd (.*)$/.exec(command) ?? [];
    if (verb === 'add' && !element.startsWith('tenants')) left.add(element);
    if (verb === 'delete') left.delete(element);
  }
  return [...left];
}

function bits(address: string, prefix: number): string {
  const all = address.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  return all.join('').slice(0, prefix);
}

function overlaps(a: Target, b: Target): boolean {
  const prefix = Math.min(a.prefix, b.prefix);
  const samePort = a.port === undefined || b.port === undefined || a.port === b.port;
  return samePort && bits(a.address, prefix) === bits(b.address, prefix);
}

function holds(outer: Target, inner: Target): boolean {
  return (
    outer.prefix <= inner.prefix &&
    overlaps(outer, inner) &&
    (outer.port ?? inner.port) === inner.port
  );
}
