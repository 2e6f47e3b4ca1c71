import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openPolicy } from '../../../src/policy/bridge-policy.ts';
import {
  effectivePolicy,
  type EffectiveKey,
  type Layers,
  type Source,
} from '../../../src/policy/effective.ts';
import { toBridgePolicy } from '../../../src/policy/for-bridge.ts';
import { risks, type Policy } from '../../../src/policy/policy.ts';

const host: Policy = { memory: 512 * 2 ** 20, cpus: 1, pids: 256, egress: 'public' };
const nothing: Layers = { user: {}, group: {}, template: {}, host, maximum: {} };
const numbers = [
  'memory',
  'cpus',
  'pids',
  'storage',
  'servers',
  'sessions',
  'requestsPerMinute',
  'burst',
  'concurrency',
  'queue',
  'maxTools',
  'maxResources',
  'maxPrompts',
] as const;

const number = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
const policy: fc.Arbitrary<Policy> = fc.record(
  {
    ...Object.fromEntries(numbers.map((key) => [key, number])),
    maxRisk: fc.option(fc.constantFrom(...risks), { nil: undefined }),
    allowedTemplates: fc.option(fc.array(fc.constantFrom('a', 'b')), { nil: undefined }),
    tools: fc.record({ deny: fc.array(fc.constantFrom('x*', 'y')) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Policy>;
const layers: fc.Arbitrary<Layers> = fc.record({
  user: policy,
  group: policy,
  template: policy,
  host: policy,
  maximum: policy,
});

function rank(value: unknown): number {
  if (value === null) return Infinity;
  return typeof value === 'number' ? value : risks.indexOf(value as (typeof risks)[number]);
}

describe('a policy that holds', () => {
  test('says of each value what the first source that names it says, within the maximum', () => {
    fc.assert(
      fc.property(layers, (said) => {
        const effective = effectivePolicy(said);
        for (const key of [...numbers, 'maxRisk'] as const) {
          const order: readonly Source[] = ['user', 'group', 'template', 'host'];
          const from = order.find((source) => said[source][key] !== undefined);
          const first = from === undefined ? null : (said[from][key] ?? null);
          const most = said.maximum[key];
          const isAbove = most !== undefined && rank(first) > rank(most);
          const expected = isAbove ? { value: most, from: 'maximum' } : { value: first, from };
          expect(effective[key], key).toEqual({ ...expected, from: expected.from ?? null });
        }
      }),
    );
  });

  test('never exceeds the maximum, whatever anybody says', () => {
    fc.assert(
      fc.property(layers, fc.constantFrom(...numbers, 'maxRisk' as const), (said, key) => {
        const most = said.maximum[key];
        fc.pre(most !== undefined);
        expect(rank(effectivePolicy(said)[key].value)).toBeLessThanOrEqual(rank(most));
      }),
    );
  });

  test('does not depend on what a later source says, once an earlier one has spoken', () => {
    fc.assert(
      fc.property(layers, policy, (said, other) => {
        const before = effectivePolicy(said);
        const after = effectivePolicy({ ...said, template: other, host: other });
        const keys = Object.keys(before) as EffectiveKey[];
        const spoken = keys.filter((key) => ['user', 'group'].includes(before[key].from ?? ''));
        for (const key of spoken) expect(after[key], key).toEqual(before[key]);
      }),
    );
  });

  test('is the host’s where nobody says anything, and no limit where the host neither does', () => {
    const { memory, egress, requestsPerMinute, ...rest } = effectivePolicy(nothing);
    expect(memory).toEqual({ value: 512 * 2 ** 20, from: 'host' });
    expect(egress).toEqual({ value: 'public', from: 'host' });
    expect(requestsPerMinute).toEqual({ value: null, from: null });
    expect(rest['tools.allow']).toEqual({ value: null, from: null });
  });

  test.each<[Policy, Policy, { value: string | null; from: Source | null }]>([
    [{}, {}, { value: null, from: null }],
    [{ cpuset: '0-3' }, {}, { value: '0-3', from: 'user' }],
    [{}, { cpuset: '2-7' }, { value: '2-7', from: 'maximum' }],
    [{ cpuset: '4-5' }, { cpuset: '2-7' }, { value: '4-5', from: 'user' }],
    [{ cpuset: '0-3' }, { cpuset: '2-7' }, { value: '2-3', from: 'maximum' }],
    [{ cpuset: '0-1' }, { cpuset: '2-7' }, { value: '2-7', from: 'maximum' }],
  ])('of processors asked %j, and at most %j, is %j', (user, maximum, expected) => {
    expect(effectivePolicy({ ...nothing, user, maximum }).cpuset).toEqual(expected);
  });

  test('takes the lists of what is allowed and what is denied from different sources', () => {
    const effective = effectivePolicy({
      ...nothing,
      user: { tools: { allow: ['read_*'] } },
      group: { tools: { allow: ['*'], deny: ['read_secret'] } },
    });
    expect(effective['tools.allow']).toEqual({ value: ['read_*'], from: 'user' });
    expect(effective['tools.deny']).toEqual({ value: ['read_secret'], from: 'group' });
  });

  test('differs where a template is named, and there only', () => {
    const group: Policy = {
      maxTools: 10,
      requestsPerMinute: 600,
      templates: { github: { maxTools: 3, requestsPerMinute: 60, tools: { deny: ['merge_*'] } } },
    };
    const said = { ...nothing, group };
    expect(effectivePolicy(said, 'github')).toMatchObject({
      maxTools: { value: 3, from: 'group' },
      'tools.deny': { value: ['merge_*'] },
      requestsPerMinute: { value: 600 },
      'server.requestsPerMinute': { value: 60, from: 'group' },
    });
    for (const other of ['memory', 'constructor', undefined]) {
      expect(effectivePolicy(said, other)).toMatchObject({
        maxTools: { value: 10 },
        'server.requestsPerMinute': { value: null, from: null },
      });
    }
  });
});

describe('what a bridge is told', () => {
  test('allows everything where nothing is said', () => {
    expect(toBridgePolicy(effectivePolicy(nothing), [])).toEqual(openPolicy);
  });

  test.each([
    [600, undefined, 10],
    [6000, undefined, 100],
    [4, undefined, 4],
    [600, 50, 50],
    [600, 5000, 600],
  ])('has a burst for a rate of %j a minute and a burst of %j: %j', (rate, burst, expected) => {
    const group: Policy = { requestsPerMinute: rate, ...(burst === undefined ? {} : { burst }) };
    const told = toBridgePolicy(effectivePolicy({ ...nothing, group }), ['students']);
    expect(told).toMatchObject({
      groups: ['students'],
      userRate: { perMinute: rate, burst: expected },
      serverRate: null,
    });
  });

  test('has a bounded queue for a concurrency', () => {
    const user: Policy = { concurrency: 2, templates: { memory: { concurrency: 1 } } };
    expect(toBridgePolicy(effectivePolicy({ ...nothing, user }, 'memory'), [])).toMatchObject({
      userConcurrency: { calls: 2, queue: 8 },
      serverConcurrency: { calls: 1, queue: 4 },
    });
    expect(
      toBridgePolicy(effectivePolicy({ ...nothing, user: { ...user, queue: 0 } }), []),
    ).toMatchObject({ userConcurrency: { calls: 2, queue: 0 } });
  });
});
