import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import {
  initialize,
  isAlive,
  startBridge,
  toolCall,
  until,
  type JsonRpc,
  type TestBridge,
} from './harness.ts';

const body = JSON.stringify(initialize('2025-11-25'));

/** Occupies a session with a request that is answered on `release`. */
async function hold(bridge: TestBridge, session: string, id = 1000) {
  const held = bridge.rpc(session, toolCall(id, 'hold'));
  await until(async () => (await bridge.rpc(session, { id, method: 'ping' })).status === 400);
  return held;
}

test('at the cap the idle session used longest ago makes room', async () => {
  const bridge = await startBridge({ bounds: { sessions: 2 } });
  const [first, second] = [await bridge.open(), await bridge.open()];
  bridge.clock.advance(1);
  await bridge.tool(first, 'echo');
  const third = await bridge.open();
  expect((await bridge.tool(second, 'echo')).status).toBe(404);
  expect(isAlive(bridge.pid(2))).toBe(false);
  expect((await bridge.tool(first, 'echo')).status).toBe(200);
  expect((await bridge.tool(third, 'echo')).status).toBe(200);
});

test('a session somebody listens to is the last to make room', async () => {
  const bridge = await startBridge({ bounds: { sessions: 2 } });
  const [first, second] = [await bridge.open(), await bridge.open()];
  await bridge.stream(first);
  await bridge.open();
  expect((await bridge.tool(second, 'echo')).status).toBe(404);
  expect((await bridge.tool(first, 'echo')).status).toBe(200);
});

test('the host’s own look ends nobody’s session, though all are taken', async () => {
  const bridge = await startBridge({ bounds: { sessions: 2 } });
  bridge.setLive(['t1', 's1']);
  const sessions = [await bridge.open(), await bridge.open()];
  const host = await bridge.mint({ jti: 's1', scope: 'tools:read' });
  for (let look = 0; look < 3; look += 1) {
    const session = await bridge.open('2025-11-25', host);
    const headers = { 'mcp-session-id': session, authorization: `Bearer ${host}` };
    expect((await bridge.call({ method: 'DELETE', headers })).status).toBe(204);
  }
  for (const session of sessions) {
    expect((await bridge.tool(session, 'echo')).status).toBe(200);
  }
});

test('when every session is busy a new one is refused for now', async () => {
  const bridge = await startBridge({ bounds: { sessions: 1 } });
  const session = await bridge.open();
  const held = hold(bridge, session);
  await until(async () => (await bridge.call({ body })).status === 503);
  const refused = await bridge.call({ body });
  expect(refused.headers['retry-after']).toBe('5');
  expect(refused.json).toMatchObject({ id: 0, error: { code: -32004 } });
  await bridge.tool(session, 'release');
  expect((await held).status).toBe(200);
  expect((await bridge.call({ body })).status).toBe(200);
});

test('sessions that end count until their server is gone', async () => {
  const bridge = await startBridge({ bounds: { sessions: 2 }, options: ['--ignore-sigterm'] });
  const opened = [];
  for (let count = 0; count < 4; count += 1) {
    opened.push(await bridge.open());
    const alive = [1, 2, 3, 4].filter(
      (label) => bridge.pid(label) > 0 && isAlive(bridge.pid(label)),
    );
    expect(alive.length).toBeLessThanOrEqual(2);
  }
});

test('however many are opened at once, the sessions stay within the cap', async () => {
  const bridge = await startBridge({ bounds: { sessions: 2 } });
  await Promise.all([bridge.open(), bridge.open()]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => bridge.call({ body })));
  for (const { status } of answers) expect([200, 503]).toContain(status);
  const changes = bridge.log.map((line) => Number(line.includes(': started,') || -1));
  let running = 0;
  expect(Math.max(...changes.map((change) => (running += change)))).toBe(2);
});

test('a session nobody uses expires; one that waits or listens does not', async () => {
  const bridge = await startBridge();
  const [idle, waiting, listening] = [
    await bridge.open(),
    await bridge.open(),
    await bridge.open(),
  ];
  const held = hold(bridge, waiting);
  await bridge.stream(listening);
  await until(async () => (await bridge.rpc(waiting, { id: 1000, method: 'ping' })).status === 400);
  bridge.clock.advance(100_000);
  await bridge.tool(idle, 'echo');
  for (let step = 0; step < 6; step += 1) bridge.clock.advance(100_000 - 1000);
  expect((await bridge.tool(idle, 'echo')).status).toBe(200);
  bridge.clock.advance(601_000);
  expect((await bridge.tool(idle, 'echo')).status).toBe(404);
  expect((await bridge.tool(waiting, 'release')).status).toBe(404);
  expect((await bridge.tool(listening, 'echo')).status).toBe(200);
  await held;
});

test('a request without an answer times out, and the server is told to stop', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const calling = await startHeld(bridge, session);
  bridge.clock.advance(121_000);
  const [event] = await calling.events(1);
  expect(JSON.parse(event?.data ?? '')).toMatchObject({ id: 77, error: { code: -32001 } });
  const received = (await bridge.tool(session, 'received')).json.result?.content?.[0]?.text ?? '[]';
  const last = Buffer.from((JSON.parse(received) as string[]).at(-2) ?? '', 'base64').toString();
  expect(JSON.parse(last)).toMatchObject({
    method: 'notifications/cancelled',
    params: { requestId: 77 },
  });
});

test('a long silent wait becomes an event stream that is kept alive', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const calling = await startHeld(bridge, session);
  bridge.clock.advance(16_000);
  await until(() => calling.text().includes(':\n\n'));
  await bridge.tool(session, 'release');
  const [event] = await calling.events(1);
  expect(event?.data).toContain('released');
  await calling.closed;
});

test('a server that does not read makes its clients wait, then refuses them, and nothing piles up', async () => {
  const bridge = await startBridge({ bounds: { pendingPerSession: 20 } });
  const session = await bridge.open();
  await bridge.tool(session, 'deaf');
  const note = { method: 'notifications/x', params: { text: 'x'.repeat(200_000) } };
  const statuses: number[] = [];
  const abort = new AbortController();
  for (let count = 0; count < 20; count += 1) {
    const sent = bridge.rpc(session, note, { signal: abort.signal });
    sent.then(({ status }) => statuses.push(status)).catch(() => {});
  }
  await until(() => statuses.includes(429));
  expect(statuses.filter((status) => status === 202).length).toBeLessThan(10);
  abort.abort();
});

test('a client that leaves while it waits leaves nothing behind', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const calling = new AbortController();
  const held = bridge.rpc(session, toolCall(77, 'hold'), { signal: calling.signal });
  await until(async () => (await bridge.rpc(session, { id: 77, method: 'ping' })).status === 400);
  calling.abort();
  await expect(held).rejects.toThrow('aborted');
  await bridge.tool(session, 'release');
  expect((await bridge.rpc(session, { id: 77, method: 'ping' })).status).toBe(200);
});

test('a client that leaves before it learns its session leaves no server behind', async () => {
  const bridge = await startBridge({ options: ['--silent'] });
  const calling = new AbortController();
  const opening = bridge.call({ body, signal: calling.signal });
  await until(() => bridge.pid() > 0);
  calling.abort();
  await expect(opening).rejects.toThrow('aborted');
  await until(() => !isAlive(bridge.pid()));
});

test('a client that leaves while it waits for a place leaves no server behind', async () => {
  const bridge = await startBridge({ bounds: { sessions: 1 }, options: ['--ignore-sigterm'] });
  const headers = { 'mcp-session-id': await bridge.open() };
  await bridge.call({ method: 'DELETE', headers });
  const calling = new AbortController();
  const opening = bridge.call({ body, signal: calling.signal });
  // The body is read before the wait begins; a second request on its heels shows that it has been.
  await bridge.call({ body: '{}' });
  calling.abort();
  await expect(opening).rejects.toThrow('aborted');
  await until(() => bridge.log.includes('session 2: ended, its client left'));
  expect(isAlive(bridge.pid(2))).toBe(false);
});

test('a client that leaves in the middle of its body leaves nothing behind', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const socket = await rawPost(bridge, session, 1000);
  socket.write('{"jsonrpc":"2.0"');
  socket.destroy();
  expect((await bridge.tool(session, 'echo')).status).toBe(200);
});

const pad = 'x'.repeat(4000);

test.each([
  ['answer', toolCall(900, 'big', { bytes: 12_000_000 })],
  ['event stream', withProgress(toolCall(900, 'progress', { steps: 5000, pad }))],
])(
  'a client that does not read its %s holds up the server, not the memory, and is cut off in the end',
  async (_, call) => {
    const bridge = await startBridge({ bounds: { requestMs: 1e9 } });
    // Not a client that is asked to come back, however long this waits.
    const session = await bridge.open('2025-06-18');
    const message = JSON.stringify(call);
    const socket = await rawPost(bridge, session, message.length);
    socket.write(message);
    await once(socket, 'data');
    socket.pause();
    // What comes behind it waits in the server's pipe.
    let isAnswered = false;
    const waiting = bridge.tool(session, 'big', { bytes: 1_000_000 }).then((answer) => {
      isAnswered = true;
      return answer;
    });
    const other = await bridge.open();
    for (let turn = 0; turn < 100; turn += 1) await bridge.tool(other, 'big', { bytes: 100_000 });
    bridge.clock.advance(30_000);
    expect(isAnswered).toBe(false);
    await until(() => {
      bridge.clock.advance(61_000);
      return isAnswered;
    });
    expect((await waiting).text.length).toBeGreaterThan(1_000_000);
    socket.destroy();
  },
);

test('a GET stream that does not read holds up nothing', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const token = await bridge.mint();
  const socket = connect(bridge.port, '127.0.0.1');
  socket.pause();
  socket.write(head(bridge, session, token, 'GET', 'text/event-stream'));
  // More than the sockets hold.
  for (let round = 0; round < 10; round += 1) {
    const answer = await bridge.tool(session, 'changed', { times: 1000, pad: 'x'.repeat(3000) });
    expect(answer.status).toBe(200);
  }
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.resume();
  await until(() => text.includes('id: g1_10000\n'));
  // What it was too slow for has fallen out; what came last is there.
  expect(text.match(/^id: /gm)?.length).toBeLessThan(9_500);
  socket.destroy();
});

function withProgress(call: JsonRpc): JsonRpc {
  return { ...call, params: { ...call.params, _meta: { progressToken: 'p' } } };
}

async function startHeld(bridge: TestBridge, session: string) {
  const held = bridge.stream(session, {
    method: 'POST',
    body: JSON.stringify(toolCall(77, 'hold')),
  });
  await until(async () => (await bridge.rpc(session, { id: 77, method: 'ping' })).status === 400);
  // The head comes only once the answer has turned to a stream.
  setImmediate(() => bridge.clock.advance(15_000));
  return held;
}

async function rawPost(bridge: TestBridge, session: string, length: number): Promise<Socket> {
  const token = await bridge.mint();
  const socket = connect(bridge.port, '127.0.0.1');
  socket.write(head(bridge, session, token, 'POST', '*/*', length));
  return socket;
}

function head(
  { port }: TestBridge,
  session: string,
  token: string,
  method: string,
  accept: string,
  length = 0,
): string {
  return (
    `${method} /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n` +
    `Accept: ${accept}\r\nMcp-Session-Id: ${session}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${length}\r\n\r\n`
  );
}
