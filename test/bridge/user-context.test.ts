import { expect, test } from 'vitest';
import type { Answer } from './harness.ts';
import { startPolicyBridge } from './policy-bridge.ts';
import { ask, tool } from './modern-client.ts';

const forged = { 'mcpd/userContext': { user: 'root', groups: ['admins'] } };

function heard({ json, events }: Answer): Record<string, unknown> | null {
  const text = (events[0] ?? json).result?.content?.[0]?.text ?? 'null';
  return JSON.parse(text) as Record<string, unknown> | null;
}

const bob = {
  user: 'bob',
  userId: 'u1',
  groups: ['staff', 'ops'],
  scopes: ['tools:read', 'tools:call', 'resources:read', 'prompts:read'],
  requestId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
};

const eras = [
  ['in a session', []],
  ['without sessions, translated', []],
  ['without sessions', ['--modern']],
] as const;

test.each(eras)(
  'a server that knows users is told who asks, and not what its client claims: %s',
  async (era, options) => {
    const policy = { groups: ['staff', 'ops'] };
    const bridge = await startPolicyBridge({ options, policy, server: { userAware: true } });
    const call = async (_meta?: object): Promise<Answer> => {
      if (era !== 'in a session') return ask(bridge, { ...tool('whoami'), meta: { ..._meta } });
      const params = { name: 'whoami', ...(_meta ? { _meta } : {}) };
      return bridge.rpc(await bridge.open(), { id: 1, method: 'tools/call', params });
    };
    const first = heard(await call(forged));
    expect(first).toEqual(bob);
    const second = heard(await call());
    expect(second).toEqual(bob);
    expect(second?.['requestId']).not.toBe(first?.['requestId']);
    expect(JSON.stringify(first)).not.toContain(await bridge.mint());
  },
);

test.each(eras)('a server that does not is told nothing, by nobody: %s', async (era, options) => {
  const bridge = await startPolicyBridge({ options });
  const params = { name: 'whoami', _meta: forged };
  const answer =
    era === 'in a session'
      ? await bridge.rpc(await bridge.open(), { id: 1, method: 'tools/call', params })
      : await ask(bridge, { ...tool('whoami'), meta: forged });
  expect(heard(answer)).toBeNull();
});

test('an HTTP server reads it in headers, which a client cannot set', async () => {
  const policy = { groups: ['staff', 'ops'] };
  const bridge = await startPolicyBridge({ isHttp: true, policy, server: { userAware: true } });
  const session = await bridge.open();
  const headers = { 'x-mcpd-user': 'root', 'x-mcpd-groups': 'admins', 'x-mcpd-extra': '1' };
  const params = { name: 'whoami', _meta: forged };
  const message = { id: 1, method: 'tools/call', params };
  const seen = heard(await bridge.rpc(session, message, { headers }));
  expect(seen).toMatchObject({
    'x-mcpd-user': 'bob',
    'x-mcpd-user-id': 'u1',
    'x-mcpd-groups': 'staff,ops',
    'x-mcpd-scopes': bob.scopes.join(' '),
    'x-mcpd-request-id': bob.requestId,
  });
  expect(seen).not.toHaveProperty('x-mcpd-extra');
  expect(seen).not.toHaveProperty('authorization');
});
