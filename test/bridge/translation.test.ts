import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  isAlive,
  startBridge,
  until,
  type Answer,
  type JsonRpc,
  type TestBridge,
} from './harness.ts';
import { ask, follow, metaKey, stateless, tool, type Ask } from './modern-client.ts';

// The fixture knows sessions only; these clients keep none.

/** Lines that the server has received, oldest first. */
async function received(bridge: TestBridge, capabilities = {}): Promise<JsonRpc[]> {
  const answer = await ask(bridge, { ...tool('received'), capabilities });
  const lines = JSON.parse(answer.json.result?.content?.[0]?.text ?? '[]') as string[];
  return lines.map((line) => JSON.parse(Buffer.from(line, 'base64').toString()) as JsonRpc);
}

function textOf(answer: Answer): string | undefined {
  return answer.json.result?.content?.[0]?.text;
}

test('discover is answered from what the server said when it was introduced', async () => {
  const bridge = await startBridge();
  const answer = await ask(bridge, { method: 'server/discover', id: 'd' });
  expect(answer.json).toEqual({
    jsonrpc: '2.0',
    id: 'd',
    result: {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} },
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [metaKey('serverInfo')]: { name: 'fixture', version: '1.0.0' } },
    },
  });
});

test('results get their type, and lists for how long they may be kept', async () => {
  const bridge = await startBridge();
  const list = await ask(bridge, { method: 'tools/list' });
  expect(list.json.result).toMatchObject({
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
  });
  const call = await ask(bridge, tool('echo', { text: 'hi' }));
  expect(Object.keys(call.json.result ?? {})).toEqual(['resultType', 'content']);
});

test('what a request and its result hold passes byte for byte', async () => {
  const bridge = await startBridge();
  const odd = String.raw`{"big":12345678901234567890,"e":1.0E+2,"lone":"\ud800","sep":"  ","zwj":"👩‍👧"}`;
  const line = `{"jsonrpc":"2.0","id":$ID,"result":{"content":[],"odd":${odd}}}`;
  const request = stateless(tool('raw', { line, odd: 0 }));
  const body = String(request.body).replace('"odd":0', `"odd":${odd}`);
  const answer = await bridge.call({ ...request, body });
  expect(answer.text).toBe(
    `{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[],"odd":${odd}}}`,
  );
  const seen = await bridge.call(stateless(tool('received')));
  const lines = JSON.parse(textOf(seen) ?? '[]') as string[];
  expect(lines.some((one) => Buffer.from(one, 'base64').toString().includes(odd))).toBe(true);
});

test('the server never sees what only these revisions put in _meta, and sees the rest', async () => {
  const bridge = await startBridge();
  await ask(bridge, { ...tool('echo'), meta: { 'example.com/trace': 'abc' } });
  const call = (await received(bridge)).find(({ params }) => params?.['name'] === 'echo');
  expect(call?.params?.['_meta']).toEqual({ 'example.com/trace': 'abc' });
});

test('requests of one id and one progress token, at once, each get their own', async () => {
  const bridge = await startBridge();
  const meta = { progressToken: 'same' };
  const answers = await Promise.all(
    [1, 2, 3].map((steps) => ask(bridge, { ...tool('progress', { steps }), id: 'same', meta })),
  );
  const heard = answers.map(({ events }) =>
    events.map(({ id, params }) => id ?? params?.progressToken),
  );
  expect(heard).toEqual([
    ['same', 'same'],
    ['same', 'same', 'same'],
    ['same', 'same', 'same', 'same'],
  ]);
});

test('a client that closes its connection has its request cancelled', async () => {
  const bridge = await startBridge();
  const leaving = new AbortController();
  const gone = bridge.call({ ...stateless(tool('hold')), signal: leaving.signal });
  const isHeld = async () =>
    (await received(bridge)).some(({ params }) => params?.['name'] === 'hold');
  await until(isHeld);
  leaving.abort();
  await expect(gone).rejects.toThrow('aborted');
  await until(async () =>
    (await received(bridge)).some(({ method }) => method === 'notifications/cancelled'),
  );
});

test('log messages come only to who asked, from the level asked for', async () => {
  const bridge = await startBridge();
  expect((await ask(bridge, tool('log'))).events).toEqual([]);
  const loud = await ask(bridge, { ...tool('log'), meta: { [metaKey('logLevel')]: 'error' } });
  expect(loud.events).toEqual([]);
  const heard = await ask(bridge, { ...tool('log'), meta: { [metaKey('logLevel')]: 'info' } });
  expect(heard.events.map(({ method }) => method)).toEqual(['notifications/message', undefined]);
});

test('a crash answers every request with what happened, and the next finds a new server', async () => {
  const bridge = await startBridge();
  const held = ask(bridge, { ...tool('hold'), id: 'held' });
  await until(async () =>
    (await received(bridge)).some(({ params }) => params?.['name'] === 'hold'),
  );
  const crashed = await ask(bridge, tool('crash'));
  expect(crashed.json.error?.message).toContain('exited with code 3');
  expect((await held).json).toMatchObject({ id: 'held', error: { code: -32000 } });
  expect(textOf(await ask(bridge, tool('echo', { text: 'again' })))).toBe('again');
});

test('a server that exits on a first message that it does not know is served all the same', async () => {
  const bridge = await startBridge({ options: ['--strict'] });
  expect(textOf(await ask(bridge, tool('echo', { text: 'hi' })))).toBe('hi');
  expect(bridge.log).toContain('the MCP server is of the legacy era, or silent');
});

test('clients of the same capabilities share a server, others get one of their own', async () => {
  const bridge = await startBridge();
  const sampling = { sampling: {} };
  await Promise.all([ask(bridge, tool('echo')), ask(bridge, tool('echo'))]);
  await ask(bridge, { ...tool('echo'), capabilities: sampling });
  const started = bridge.log.filter((line) => line.includes('for clients without sessions'));
  expect(started).toHaveLength(2);
});

test('a server that nobody has used for long is ended, and takes no newer one with it', async () => {
  const bridge = await startBridge();
  await ask(bridge, tool('echo'));
  bridge.clock.advance(600_000);
  expect(textOf(await ask(bridge, tool('echo', { text: 'back' })))).toBe('back');
  await until(() => bridge.log.some((line) => line.endsWith('ended, idle')));
  await ask(bridge, tool('echo'));
  const started = bridge.log.filter((line) => line.includes('for clients without sessions'));
  expect(started).toHaveLength(2);
});

test('a server that ends before it was introduced answers every request that waits for it', async () => {
  const bridge = await startBridge({ options: ['--crash-at-start'] });
  const requests = [tool('echo'), { method: 'tools/list' }, tool('echo')];
  for (const { json } of await Promise.all(requests.map((request) => ask(bridge, request)))) {
    expect(json.error?.message).toContain('exited with code 7');
  }
});

test('a stream is kept alive, and cut when its token is revoked', async () => {
  const bridge = await startBridge();
  const request = {
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true } },
  };
  const stream = await follow(bridge, request);
  await stream.events(1);
  bridge.clock.advance(15_000);
  await until(() => stream.text().endsWith(':\n\n'));
  bridge.setLive([]);
  bridge.clock.advance(1_000);
  await stream.closed;
  expect(stream.text()).not.toContain('result');
});

describe('a question of the server', () => {
  const sampling = { sampling: {} };
  const asking = { ...tool('sample'), capabilities: sampling };
  const answerTo = (state: unknown, extra: object = {}) => ({
    ...tool('sample'),
    id: 2,
    capabilities: sampling,
    params: {
      ...tool('sample').params,
      requestState: state,
      inputResponses: { 1: { role: 'assistant', big: 12_345 } },
      ...extra,
    },
  });

  test('becomes a result that asks; the repeated request brings the answer, and gets the result', async () => {
    const bridge = await startBridge();
    const asked = await ask(bridge, asking);
    expect(asked.json.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 1: { method: 'sampling/createMessage', params: { maxTokens: 10 } } },
    });
    const answer = await ask(bridge, answerTo(asked.json.result?.['requestState']));
    expect(answer.json.id).toBe(2);
    expect(textOf(answer)).toBe('{"role":"assistant","big":12345}');
  });

  test('is asked again while its answer is missing', async () => {
    const bridge = await startBridge();
    const asked = await ask(bridge, asking);
    const state = asked.json.result?.['requestState'];
    const again = await ask(bridge, answerTo(state, { inputResponses: { other: {} } }));
    expect(again.json.result).toMatchObject({ resultType: 'input_required', requestState: state });
    expect(textOf(await ask(bridge, answerTo(state)))).toContain('assistant');
  });

  test('that comes with another is asked with it, or when its client is back', async () => {
    const bridge = await startBridge();
    const request = { ...tool('sample-twice'), capabilities: sampling };
    let answer = await ask(bridge, request);
    while (answer.json.result?.['resultType'] === 'input_required') {
      const { inputRequests, requestState } = answer.json.result;
      const inputResponses = Object.fromEntries(
        Object.keys(inputRequests as object).map((name) => [name, { text: 'yes' }]),
      );
      const params = { ...request.params, requestState, inputResponses };
      answer = await ask(bridge, { ...request, params });
    }
    expect(textOf(answer)).toBe('[{"text":"yes"},{"text":"yes"}]');
  });

  test('is answered by nobody who made a state up, by no other request and no other subject', async () => {
    const bridge = await startBridge();
    const asked = await ask(bridge, asking);
    const state = asked.json.result?.['requestState'];
    const alice = await bridge.mint({ sub: 'alice' });
    const wrong = [
      answerTo('made up'),
      answerTo('__proto__'),
      { ...answerTo(state), params: { ...answerTo(state).params, name: 'echo' } },
      { ...answerTo(state), headers: { authorization: `Bearer ${alice}` } },
    ];
    for (const request of wrong) {
      expect((await ask(bridge, request)).json.error?.code).toBe(-32602);
    }
    expect(textOf(await ask(bridge, answerTo(state)))).toContain('assistant');
  });

  test('that its client can’t answer is an error naming the capability', async () => {
    const bridge = await startBridge();
    const answer = await ask(bridge, tool('sample'));
    expect(answer.status).toBe(400);
    expect(answer.json.error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { sampling: {} } },
    });
  });

  test('that nobody answers in ten minutes is given up, and its request cancelled', async () => {
    const bridge = await startBridge({
      bounds: { sessionIdleMs: 3_600_000, requestMs: 3_600_000 },
    });
    const asked = await ask(bridge, asking);
    bridge.clock.advance(600_000);
    const late = await ask(bridge, answerTo(asked.json.result?.['requestState']));
    expect(late.json.error?.code).toBe(-32602);
  });

  test('that nobody answers in ten minutes is answered with an error, and so is one asked with it', async () => {
    const bridge = await startBridge({
      bounds: { sessionIdleMs: 3_600_000, requestMs: 3_600_000 },
    });
    await ask(bridge, { ...tool('sample-twice'), capabilities: sampling });
    bridge.clock.advance(599_999);
    const before = await received(bridge, sampling);
    expect(before.filter(({ error }) => error)).toEqual([]);
    bridge.clock.advance(1);
    const after = (await received(bridge, sampling)).slice(before.length, -1);
    expect(after).toMatchObject([
      { id: 'first', error: { code: -32001, message: 'no client answered this in time' } },
      { id: 'second', error: { code: -32001, message: 'no client answered this in time' } },
      { method: 'notifications/cancelled' },
    ]);
  });
});

describe('a subscription', () => {
  const listen = (notifications: object) => ({
    method: 'subscriptions/listen',
    id: 'sub',
    params: { notifications },
  });

  test('hears what it asked for, under its own id, and nothing else', async () => {
    const bridge = await startBridge();
    const stream = await follow(
      bridge,
      listen({ toolsListChanged: true, promptsListChanged: true }),
    );
    const other = await follow(bridge, listen({ resourceSubscriptions: ['file:///a'] }));
    await other.events(2);
    await ask(bridge, tool('changed'));
    const [first, news] = (await stream.events(2)).map(({ data }) => JSON.parse(data) as JsonRpc);
    const _meta = { [metaKey('subscriptionId')]: 'sub' };
    expect(first).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { _meta, notifications: { toolsListChanged: true } },
    });
    expect(news).toMatchObject({
      method: 'notifications/tools/list_changed',
      params: { count: 0, _meta },
    });
    expect(other.text()).toContain('"uri":"file:///a"');
    expect(other.text()).not.toContain('tools/list_changed');
  });

  test('to nothing that the server gives ends at once', async () => {
    const bridge = await startBridge();
    const answer = await ask(bridge, listen({ promptsListChanged: true }));
    expect(answer.events.map(({ id, method }) => id ?? method)).toEqual([
      'notifications/subscriptions/acknowledged',
      'sub',
    ]);
  });

  test('ends with its server, in the regular way', async () => {
    const bridge = await startBridge();
    const stream = await follow(bridge, listen({ toolsListChanged: true }));
    await stream.events(1);
    await ask(bridge, tool('crash'));
    await stream.closed;
    expect(stream.text()).toContain('"resultType":"complete"');
  });
});

test('a request in flight may still be answered when the bridge closes; what comes then is refused', async () => {
  const bridge = await startBridge();
  const pid = Number(textOf(await ask(bridge, tool('pid'))));
  const socket = connect(bridge.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.write(await onWire(bridge, tool('hold')));
  const isHeld = async () =>
    (await received(bridge)).some(({ params }) => params?.['name'] === 'hold');
  await until(isHeld);
  const closing = bridge.bridge.close();
  socket.write(await onWire(bridge, tool('echo')));
  await expect(ask(bridge, tool('echo'))).rejects.toThrow('ECONNREFUSED');
  process.kill(pid, 'SIGUSR2');
  await closing;
  await until(() => socket.closed);
  expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503']);
  expect(text).toMatch(/"released".*the bridge is shutting down/s);
  expect(bridge.log.filter((line) => line.includes('started for clients'))).toHaveLength(1);
  const outcomes = bridge.audit().map(({ target, outcome }) => [target, outcome]);
  expect(outcomes.slice(-2)).toEqual([
    ['echo', 'refused'],
    ['hold', 'ok'],
  ]);
});

test('a server that is still asked for its era is ended with the bridge, and who waits for it is told', async () => {
  const silent = 'console.error(process.pid); process.stdin.resume()';
  const bridge = await startBridge({ server: { argv: [process.execPath, '-e', silent] } });
  const asked = ask(bridge, tool('echo'));
  await until(() => bridge.stderr.length === 1);
  await bridge.bridge.close();
  const { status, json } = await asked;
  expect([status, json.error?.message]).toEqual([503, 'the bridge is shutting down']);
  expect(isAlive(Number(bridge.stderr[0]?.split(' ')[1]))).toBe(false);
  expect(bridge.stderr).toHaveLength(1);
});

test('subscriptions do not keep the bridge from closing, and get their end', async () => {
  const bridge = await startBridge();
  const notifications = { toolsListChanged: true };
  const stream = await follow(bridge, {
    method: 'subscriptions/listen',
    params: { notifications },
  });
  await stream.events(1);
  await bridge.bridge.close();
  await stream.closed;
  expect(stream.text()).toContain('"resultType":"complete"');
});

/** A request as it stands on a connection that stays open. */
async function onWire(bridge: TestBridge, request: Ask): Promise<string> {
  const { headers, body = '' } = stateless(request);
  const all = {
    host: `127.0.0.1:${bridge.port}`,
    authorization: `Bearer ${await bridge.mint()}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n${body.toString()}`;
}

test('closing the bridge leaves no server behind', async () => {
  const bridge = await startBridge();
  const pid = Number(textOf(await ask(bridge, tool('grandchild'))));
  expect(isAlive(pid)).toBe(true);
  await bridge.bridge.close();
  // Killed, but the kernel may still be at it.
  await until(() => !isAlive(pid));
});
