import { describe, expect, test } from 'vitest';
import { ownPolicy, splitPolicy } from '../../../src/policy/of-user.ts';
import { isRiskier, isSamePolicy, patchPolicy, policySchema } from '../../../src/policy/policy.ts';

describe('a policy document', () => {
  test('is the same again when what was read is read again', () => {
    const written = {
      memory: '512m',
      egress: 'allow:api.github.com:443',
      templates: { github: { tools: { allow: ['get_*'] } } },
    };
    const once = policySchema.parse(written);
    expect(once.memory).toBe(512 * 2 ** 20);
    expect(policySchema.parse(once)).toEqual(once);
  });

  test.each([
    [{ memry: '1g' }, 'memry'],
    [{ memory: 'much' }, 'is not a memory size'],
    [{ cpuset: '0-' }, 'is not a list of processors'],
    [{ egress: 'everything' }, 'write public, none, open'],
    [{ maxRisk: 'huge' }, 'maxRisk'],
    [{ requestsPerMinute: 0 }, 'requestsPerMinute'],
    [{ templates: { github: { memory: '1g' } } }, 'memory'],
    [{ templates: { __proto__x: {} } }, 'templates'],
  ])('is refused with a reason: %j', (written, reason) => {
    const { error } = policySchema.safeParse(written);
    expect(JSON.stringify(error?.issues)).toContain(reason);
  });

  test('changes as asked: first replaced, then unset, then set', () => {
    const policy = { memory: 1, servers: 3, tools: { allow: ['a'], deny: ['b'] } };
    expect(patchPolicy(policy, { set: { tools: { deny: ['c'] } } })).toEqual({
      ...policy,
      tools: { allow: ['a'], deny: ['c'] },
    });
    expect(patchPolicy(policy, { unset: ['tools', 'servers'] })).toEqual({ memory: 1 });
    expect(
      patchPolicy(policy, {
        replacement: { pids: 20, cpus: 2 },
        unset: ['cpus'],
        set: { burst: 5 },
      }),
    ).toEqual({ pids: 20, burst: 5 });
    expect(policy.tools).toEqual({ allow: ['a'], deny: ['b'] });
  });

  test('is the same in whichever order it is written', () => {
    const one = { servers: 1, tools: { allow: ['a'], deny: ['b'] } };
    expect(isSamePolicy(one, { tools: { deny: ['b'], allow: ['a'] }, servers: 1 })).toBe(true);
    expect(isSamePolicy(one, { ...one, servers: 2 })).toBe(false);
  });
});

test('a user’s own policy comes back as it was after it was taken apart', () => {
  const policy = policySchema.parse({ memory: '1g', cpus: 0.5, cpuset: 2, egress: 'none' });
  const { limits, ...rest } = splitPolicy(policy);
  expect(limits).toEqual({ memoryBytes: 2 ** 30, cpus: 0.5, pids: null });
  const own = ownPolicy({ limits: { memoryBytes: 2 ** 30, cpus: 0.5 }, group: null, ...rest });
  expect(isSamePolicy(own, policy)).toBe(true);
});

test('risks are ordered', () => {
  expect(isRiskier('high', 'medium')).toBe(true);
  expect(isRiskier('medium', 'medium')).toBe(false);
  expect(isRiskier('low', 'critical')).toBe(false);
});
