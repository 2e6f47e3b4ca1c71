import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until, untilInFlight, type Answer, type CallOptions, type TestBridge } from './harness.ts';
import { stateless, tool } from './modern-client.ts';
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
  Promise.resolve((name, signal) => {
    const options: CallOptions = stateless(tool(name));
    return bridge.call(signal ? { ...options, signal } : options);
  });

const kinds: [string, PolicySetup, (bridge: TestBridge) => Promise<Call>][] = [
  ['a session', {}, inSession],
  ['a server without sessions', { options: ['--modern'] }, withoutSession],
  ['an HTTP server', { isHttp: true }, inSession],
];

const limit = (queue: number) => ({ serverConcurrency: { calls: 1, queue } });

interface Waiting {
  readonly answer: Promise<Answer | 'left'>;
  leave(): void;
}

/** A call of `read-a` that waits for its turn behind one that does not end. */
async function waitInQueue(bridge: TestBridge, call: Call): Promise<Waiting> {
  bridge.setPolicy(limit(0));
  const hold = async (): Promise<void> => {
    // A question whether it runs may be faster to the only turn.
    if ((await call('hold')).status === 429) await hold();
  };
  void hold().catch(() => 'cut off');
  await until(async () => (await call('whoami')).status === 429);
  bridge.setPolicy(limit(1));
  const leaving = [new AbortController(), new AbortController()];
  const answers = leaving.map(({ signal }) => call('read-a', signal).catch(() => 'left' as const));
  const refused = await Promise.race(
    answers.map(async (answer, index) => ({ answer: await answer, index })),
  );
  if (refused.answer === 'left' || refused.answer.status !== 429) throw new Error('no queue');
  const at = 1 - refused.index;
  const answer = answers[at] ?? Promise.reject(new Error('nothing waits'));
  return { answer, leave: () => leaving[at]?.abort() };
}

test.each(kinds)(
  'a call whose client leaves while it waits for its turn is in the audit: %s',
  async (_, setup, connect) => {
    const bridge = await startPolicyBridge(setup);
    const waiting = await waitInQueue(bridge, await connect(bridge));
    waiting.leave();
    expect(await waiting.answer).toBe('left');
    await until(() => bridge.audit().some(({ outcome }) => outcome === 'cancelled'));
    const [left, ...others] = bridge.audit().filter(({ outcome }) => outcome === 'cancelled');
    expect([left?.target, others]).toEqual(['read-a', []]);
  },
);

test.each(kinds)(
  'a call that waits does not run once its token is revoked, and gives its turn back: %s',
  async (_, setup, connect) => {
    const bridge = await startPolicyBridge(setup);
    const waiting = await waitInQueue(bridge, await connect(bridge));
    bridge.setLive([]);
    bridge.setPolicy({ serverConcurrency: { calls: 2, queue: 0 } });
    bridge.bridge.sweep();
    const answer = await waiting.answer;
    if (answer === 'left') throw new Error('it left');
    expect([answer.status, answer.json.error?.code]).toEqual([401, -32003]);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    bridge.setLive(['t1']);
    const call = await connect(bridge);
    expect((await call('whoami')).status).toBe(200);
    expect((await call('called')).text).not.toContain('read-a');
  },
);

test.each(kinds)(
  'a call that waits does not run once its tool is hidden: %s',
  async (_, setup, connect) => {
    const bridge = await startPolicyBridge(setup);
    const call = await connect(bridge);
    const waiting = await waitInQueue(bridge, call);
    bridge.setPolicy({
      serverConcurrency: { calls: 2, queue: 0 },
      tools: { allow: null, deny: ['read-*'], most: null },
    });
    bridge.bridge.sweep();
    const answer = await waiting.answer;
    if (answer === 'left') throw new Error('it left');
    expect(answer.json.error?.message).toBe('tool read-a is not available');
    expect((await call('called')).text).not.toContain('read-a');
  },
);

test('a call that is cancelled while it waits is answered, and its server never hears of it', async () => {
  const bridge = await startPolicyBridge();
  const session = await bridge.open();
  const call = await inSession(bridge);
  await waitInQueue(bridge, call).then(({ leave }) => leave());
  const message = { id: 'late', method: 'tools/call', params: { name: 'read-b' } };
  let answer = bridge.rpc(session, message);
  // Until the one before it has left the queue.
  while ((await Promise.race([answer, untilInFlight(bridge, session, 'late')]))?.status === 429) {
    answer = bridge.rpc(session, message);
  }
  bridge.setPolicy(limit(2));
  const again = await bridge.rpc(session, message);
  expect([again.status, again.json.error?.message]).toEqual([
    400,
    'a request with this id is in flight',
  ]);
  const params = { requestId: 'late', reason: 'too slow' };
  const cancel = { method: 'notifications/cancelled', params };
  expect((await bridge.rpc(session, cancel)).status).toBe(202);
  expect((await bridge.rpc(session, cancel)).status).toBe(202);
  expect((await answer).json).toMatchObject({ id: 'late', error: { code: -32800 } });
  expect(bridge.audit().findLast(({ target }) => target === 'read-b')).toMatchObject({
    outcome: 'cancelled',
    code: -32800,
  });
  bridge.setPolicy({});
  bridge.bridge.sweep();
  const called = await bridge.rpc(session, {
    id: 1,
    method: 'tools/call',
    params: { name: 'called' },
  });
  expect(called.text).not.toContain('read-b');
});

test('a session whose call waits for its turn is not idle: another one does not get its place', async () => {
  const bridge = await startPolicyBridge({ bounds: { sessions: 2 } });
  const [busy, waits] = [await inSession(bridge), await bridge.open()];
  await waitInQueue(bridge, busy).then(({ leave }) => leave());
  const message = { id: 'waits', method: 'tools/call', params: { name: 'read-b' } };
  let answer = bridge.rpc(waits, message);
  while ((await Promise.race([answer, untilInFlight(bridge, waits, 'waits')]))?.status === 429) {
    answer = bridge.rpc(waits, message);
  }
  await expect(bridge.open()).rejects.toThrow('every session is in use');
  bridge.setPolicy({});
  bridge.bridge.sweep();
  expect((await answer).status).toBe(200);
});

test('a client that leaves while the server’s lists are looked up keeps no turn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'held-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tools = { allow: null, deny: [], most: 7 };
  const bridge = await startPolicyBridge({
    options: [`--held=${folder}`],
    policy: { ...limit(0), tools },
  });
  const call = await withoutSession(bridge);
  const leaving = new AbortController();
  const left = call('whoami', leaving.signal).catch(() => 'left');
  await until(() => existsSync(join(folder, 'asked')));
  leaving.abort();
  expect(await left).toBe('left');
  // What comes later is noticed later.
  await bridge.call({ method: 'GET', path: '/healthz' });
  writeFileSync(join(folder, 'go'), '');
  await until(() => bridge.audit().some(({ outcome }) => outcome === 'cancelled'));
  expect((await call('whoami')).status).toBe(200);
});
