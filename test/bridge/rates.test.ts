import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startPolicyBridge } from './policy-bridge.ts';
import { ask } from './modern-client.ts';

function sharedFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'user-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.each([
  ['stdio', false],
  ['HTTP', true],
])(
  'above the rate a request gets 429 and when to come back, and then goes through: a server that speaks %s',
  async (_, isHttp) => {
    const bridge = await startPolicyBridge({
      isHttp,
      policy: { serverRate: { perMinute: 30, burst: 3 } },
    });
    const session = await bridge.open();
    for (let count = 0; count < 2; count += 1) {
      expect((await bridge.tool(session, 'read-a')).status).toBe(200);
    }
    const refused = await bridge.rpc(session, { id: 'r', method: 'tools/list' });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '2']);
    expect(refused.json).toMatchObject({ id: 'r', error: { code: -32004 } });
    const modern = await ask(bridge, { method: 'tools/list' });
    expect(modern.status).toBe(429);
    bridge.clock.advance(2_000);
    expect((await bridge.tool(session, 'read-a')).status).toBe(200);
  },
);

test('pings, notifications and the end of a session are never refused', async () => {
  const bridge = await startPolicyBridge({ policy: { serverRate: { perMinute: 1, burst: 1 } } });
  const session = await bridge.open();
  expect((await bridge.tool(session, 'read-a')).status).toBe(429);
  expect((await bridge.rpc(session, { id: 1, method: 'ping' })).status).toBe(200);
  expect((await bridge.rpc(session, { method: 'notifications/initialized' })).status).toBe(202);
  const headers = { 'mcp-session-id': session };
  expect((await bridge.call({ method: 'DELETE', headers })).status).toBe(204);
});

test('the host’s own look at whether it is ready is never above the rate', async () => {
  const bridge = await startPolicyBridge({ policy: { serverRate: { perMinute: 1, burst: 1 } } });
  await bridge.open();
  bridge.setLive(['t1', 's1']);
  const authorization = `Bearer ${await bridge.mint({ jti: 's1' })}`;
  const session = await bridge.open('2025-11-25', authorization.slice('Bearer '.length));
  const list = { id: 1, method: 'tools/list' };
  const headers = { 'mcp-session-id': session, authorization };
  expect((await bridge.rpc(session, list, { headers })).status).toBe(200);
  await expect(bridge.open()).rejects.toThrow('429');
});

test('two servers of one user share its rate, and no more goes through than it says', async () => {
  const userFolder = sharedFolder();
  const setup = { userFolder, policy: { userRate: { perMinute: 600, burst: 20 } } };
  const bridges = await Promise.all([startPolicyBridge(setup), startPolicyBridge(setup)]);
  const sessions = await Promise.all(bridges.map((bridge) => bridge.open()));
  // Eight clients, half of them at each server, in ten seconds of the clock.
  const start = bridges[0]?.clock.now() ?? 0;
  let passed = 2;
  for (let elapsed = 0; elapsed <= 10_000; elapsed += 250) {
    for (const { clock } of bridges) clock.advance(start + elapsed - clock.now());
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, client) => {
        const session = sessions[client % 2] ?? '';
        return (await bridges[client % 2]?.tool(session, 'read-a'))?.status;
      }),
    );
    passed += answers.filter((status) => status === 200).length;
  }
  expect(passed).toBeGreaterThanOrEqual(115);
  expect(passed).toBeLessThanOrEqual(120);
});

test('a rate of the user that cannot be counted is an error, not a pass', async () => {
  const bridge = await startPolicyBridge();
  const session = await bridge.open();
  bridge.setPolicy({ userRate: { perMinute: 600, burst: 20 } });
  const refused = await bridge.tool(session, 'read-a');
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
});
