import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until, type Answer, type TestBridge } from './harness.ts';
import { ask, tool } from './modern-client.ts';
import { startPolicyBridge, type PolicySetup } from './policy-bridge.ts';

type Call = (name: string, signal?: AbortSignal) => Promise<Answer>;

async function inSession(bridge: TestBridge): Promise<Call> {
  const session = await bridge.open();
  let id = 100;
  return (name, signal) => {
    id += 1;
    const message = { id, method: 'tools/call', params: { name } };
    return bridge.rpc(session, message, signal ? { signal } : {});
  };
}

const withoutSession = (bridge: TestBridge): Promise<Call> =>
  Promise.resolve((name) => ask(bridge, tool(name)));

/** Calls until there is no turn left, as there is none once another call runs. */
async function untilRefused(call: Call): Promise<Answer> {
  let answer = await call('whoami');
  await until(async () => {
    answer = await call('whoami');
    return answer.status === 429;
  });
  return answer;
}

/** A call that lasts until `release`. Another may be faster to the only turn. */
async function hold(call: Call, signal?: AbortSignal): Promise<Answer> {
  let answer = await call('hold', signal);
  while (answer.status === 429) answer = await call('hold', signal);
  return answer;
}

const kinds: [string, PolicySetup, (bridge: TestBridge) => Promise<Call>][] = [
  ['a session', {}, inSession],
  ['a server without sessions', { options: ['--modern'] }, withoutSession],
  ['a server that is translated', {}, withoutSession],
  ['an HTTP server', { isHttp: true }, inSession],
];

test.each(kinds)(
  'so many calls run at once, so many more wait for their turn, and the next is refused: %s',
  async (_, setup, connect) => {
    const limit = (calls: number, queue: number) => ({ serverConcurrency: { calls, queue } });
    const bridge = await startPolicyBridge({ ...setup, policy: limit(1, 0) });
    const call = await connect(bridge);
    const held = hold(call);
    const refused = await untilRefused(call);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json.error?.code).toBe(-32004);

    bridge.setPolicy(limit(1, 2));
    const three = ['whoami', 'read-a', 'read-b'].map((name) => call(name));
    expect((await Promise.race(three)).status).toBe(429);
    bridge.setPolicy(limit(2, 2));
    bridge.bridge.sweep();
    const statuses = (await Promise.all(three)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 200, 429]);

    expect((await call('release')).status).toBe(200);
    expect((await held).status).toBe(200);
    bridge.setPolicy(limit(1, 0));
    await until(async () => (await call('whoami')).status === 200);
  },
);

test('a call whose client has left a session still counts, until it is over', async () => {
  const policy = { serverConcurrency: { calls: 1, queue: 0 } };
  const bridge = await startPolicyBridge({ policy });
  const call = await inSession(bridge);
  const leaving = new AbortController();
  const left = hold(call, leaving.signal).catch(() => 'left');
  await untilRefused(call);
  leaving.abort();
  expect(await left).toBe('left');
  expect((await call('whoami')).status).toBe(429);
  bridge.setPolicy({});
  await call('release');
  bridge.setPolicy(policy);
  await until(async () => (await call('whoami')).status === 200);
});

test('lists and pings wait for nobody', async () => {
  const bridge = await startPolicyBridge({ policy: { serverConcurrency: { calls: 1, queue: 0 } } });
  const session = await bridge.open();
  const call = await inSession(bridge);
  const held = hold(call);
  await untilRefused(call);
  expect((await bridge.rpc(session, { id: 1, method: 'tools/list' })).status).toBe(200);
  expect((await bridge.rpc(session, { id: 2, method: 'ping' })).status).toBe(200);
  bridge.setPolicy({});
  await call('release');
  await held;
});

test('two servers of one user share its calls; one gets the turn that the other gives back', async () => {
  const userFolder = mkdtempSync(join(tmpdir(), 'user-'));
  onTestFinished(() => rmSync(userFolder, { recursive: true, force: true }));
  const limit = (queue: number) => ({ userConcurrency: { calls: 1, queue } });
  const setup = { userFolder, policy: limit(0) };
  const [one, other] = [await startPolicyBridge(setup), await startPolicyBridge(setup)];
  const [call, callOther] = [await inSession(one), await inSession(other)];
  const held = hold(call);
  await untilRefused(callOther);
  other.setPolicy(limit(1));
  const waiting = callOther('whoami');
  one.setPolicy({});
  expect((await call('release')).status).toBe(200);
  expect((await held).status).toBe(200);
  expect((await waiting).status).toBe(200);
  await until(() => readdirSync(userFolder).length === 0);
});

test('a call that the end of its bridge cuts off while it waits is in the audit', async () => {
  const userFolder = mkdtempSync(join(tmpdir(), 'user-'));
  onTestFinished(() => rmSync(userFolder, { recursive: true, force: true }));
  const limit = (queue: number) => ({ userConcurrency: { calls: 1, queue } });
  const setup = { userFolder, policy: limit(0) };
  const [one, other] = [await startPolicyBridge(setup), await startPolicyBridge(setup)];
  const held = hold(await inSession(one));
  const callOther = async () => (await ask(other, tool('whoami'))).status;
  await until(async () => (await callOther()) === 429);
  other.setPolicy(limit(1));
  const waiting = [1, 2].map(() => callOther().catch(() => 'cut'));
  // There is room for one of them only.
  expect(await Promise.race(waiting)).toBe(429);
  await other.bridge.close();
  expect(await Promise.all(waiting)).toContain('cut');
  expect(other.audit().at(-1)).toMatchObject({ target: 'whoami', outcome: 'cancelled' });
  await one.bridge.close();
  await held;
});
