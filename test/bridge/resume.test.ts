import fc from 'fast-check';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import {
  initialize,
  isAlive,
  parseEvents,
  startBridge,
  toolCall,
  until,
  type JsonRpc,
  type TestBridge,
  type TestStream,
} from './harness.ts';

const minutes = 60_000;
const patient = { bounds: { requestMs: 1e9, bodyBytes: 2 ** 24 } };

/** A call that is answered on `release`, whose answer has become an event stream. */
async function startStream(bridge: TestBridge, session: string, id = 900) {
  const call = toolCall(id, 'hold');
  const params = { ...call.params, _meta: { progressToken: `p${id}` } };
  const opening = bridge.stream(session, {
    method: 'POST',
    body: JSON.stringify({ ...call, params }),
  });
  await until(async () => (await bridge.rpc(session, { id, method: 'ping' })).status === 400);
  const say = async (...steps: number[]): Promise<void> => {
    const lines = steps.map((progress) =>
      notification('notifications/progress', { progressToken: `p${id}`, progress }),
    );
    await write(bridge, session, ...lines);
  };
  await say(1);
  const stream = await opening;
  await stream.events(1);
  return { stream, say };
}

/** Makes the server write lines. */
async function write(bridge: TestBridge, session: string, ...lines: string[]): Promise<void> {
  const line = [...lines, '{"jsonrpc":"2.0","id":$ID,"result":{}}'].join('\n');
  expect((await bridge.tool(session, 'raw', { line })).status).toBe(200);
}

function notification(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

function resume(bridge: TestBridge, session: string, id: string | undefined): Promise<TestStream> {
  return bridge.stream(session, { headers: { 'last-event-id': id } });
}

/** The number of each step, and the id of each answer as text. */
function seenIn(text: string): (number | string)[] {
  return parseEvents(text).map(({ data }) => {
    const { id, params } = JSON.parse(data) as JsonRpc;
    return params?.progress ?? String(id);
  });
}

function lastIdIn(text: string): string | undefined {
  const whole = text.slice(0, text.lastIndexOf('\n\n') + 2);
  return [...whole.matchAll(/^id: (.*)$/gm)].at(-1)?.[1];
}

test('an event stream begins with a position to come back to, for clients that know what that is', async () => {
  const bridge = await startBridge();
  const { stream } = await startStream(bridge, await bridge.open());
  expect(stream.text()).toMatch(/^id: 1_0\nretry: 1000\ndata:\n\nevent: message\nid: 1_1\ndata: /);
  const older = await startStream(bridge, await bridge.open('2025-06-18'));
  expect(older.stream.text()).toMatch(/^event: message\nid: 1_1\ndata: /);
});

const step = fc.oneof(
  fc.record({ says: fc.integer({ min: 1, max: 20 }) }),
  // How much of what had arrived the client has read when it loses the connection.
  fc.record({ cutAt: fc.double({ min: 0, max: 1, noNaN: true }) }),
);

test('wherever the connection breaks, every event comes once and in order, and then the answer', async () => {
  const bridge = await startBridge({ bounds: { pendingPerSession: 100 } });
  const session = await bridge.open();
  let id = 1000;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      id += 1;
      let { stream, say } = await startStream(bridge, session, id);
      let said = 1;
      let last: string | undefined = stream.text().match(/^id: (\d+_0)$/m)?.[1];
      const seen: (number | string)[] = [];
      const cut = (share: number): void => {
        const text = stream.text();
        const read = text.slice(0, Math.round(text.length * share));
        seen.push(...seenIn(read));
        last = lastIdIn(read) ?? last;
        stream.destroy();
      };
      for (const one of steps) {
        if ('says' in one) {
          await say(...Array.from({ length: one.says }, () => (said += 1)));
        } else {
          cut(one.cutAt);
          stream = await resume(bridge, session, last);
        }
      }
      cut(0.5);
      await bridge.tool(session, 'release');
      stream = await resume(bridge, session, last);
      await stream.closed;
      seen.push(...seenIn(stream.text()));
      expect(seen).toEqual([...Array.from({ length: said }, (_, index) => index + 1), String(id)]);
    }),
    { numRuns: 30 },
  );
});

test('an answer waits for a client that is gone, and is there once more when it got lost on the way', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream } = await startStream(bridge, session);
  stream.destroy();
  await bridge.tool(session, 'release');
  for (let turn = 0; turn < 2; turn += 1) {
    const again = await resume(bridge, session, '1_1');
    await again.closed;
    expect(again.headers['content-type']).toBe('text/event-stream');
    expect(seenIn(again.text())).toEqual(['900']);
  }
  // Who has everything is told to stay away.
  expect((await resume(bridge, session, '1_2')).status).toBe(204);
  bridge.clock.advance(4 * minutes);
  expect((await resume(bridge, session, '1_1')).status).toBe(200);
  bridge.clock.advance(minutes + 1000);
  expect((await resume(bridge, session, '1_1')).status).toBe(400);
});

test('clients of earlier revisions can come back as well', async () => {
  const bridge = await startBridge();
  const session = await bridge.open('2025-03-26');
  const { stream, say } = await startStream(bridge, session);
  stream.destroy();
  await say(2);
  const again = await resume(bridge, session, '1_1');
  await bridge.tool(session, 'release');
  await again.closed;
  expect(seenIn(again.text())).toEqual([2, '900']);
  expect(again.text()).not.toContain('retry');
});

test('what a client misses is kept up to a bound, and the oldest falls out', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream, say } = await startStream(bridge, session);
  stream.destroy();
  await until(async () => {
    const other = await resume(bridge, session, '1_0');
    other.destroy();
    return other.status === 200;
  });
  await say(...Array.from({ length: 1000 }, (_, index) => index + 2));
  await bridge.tool(session, 'release');
  const again = await resume(bridge, session, '1_1');
  await again.closed;
  const expected = Array.from({ length: 255 }, (_, index) => 747 + index);
  expect(seenIn(again.text())).toEqual([...expected, '900']);
});

test('one stream has one connection, the newest', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream, say } = await startStream(bridge, session);
  const newer = await resume(bridge, session, '1_1');
  await stream.closed;
  await say(2);
  await newer.events(1);
  expect([seenIn(stream.text()), seenIn(newer.text())]).toEqual([[1], [2]]);
});

test('ids that nothing is known of do no harm', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream, say } = await startStream(bridge, session);
  for (const id of [
    'x',
    '1_',
    '_1',
    '1_x',
    '-1_0',
    '1_1_1',
    '1e0_1',
    `1_${'9'.repeat(40)}`,
    '__proto__',
  ]) {
    const listening = await resume(bridge, session, id);
    expect([listening.status, listening.text()], id).toEqual([200, '']);
    listening.destroy();
  }
  for (const id of ['0_0', '2_0', '77_1', '999999999999999_999999999999999']) {
    expect((await resume(bridge, session, id)).status, id).toBe(400);
  }
  expect((await resume(bridge, await bridge.open(), '1_0')).status).toBe(400);
  await say(2);
  await stream.events(2);
  expect(seenIn(stream.text())).toEqual([1, 2]);
  // A position that is still to come is the present one.
  const ahead = await resume(bridge, session, '1_999');
  await say(3);
  expect((await ahead.events(1)).map(({ id }) => id)).toEqual(['1_3']);
});

test('an answer is not for a token that could not have asked', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream } = await startStream(bridge, session);
  const attempt = async (scope: string): Promise<number> => {
    const token = await bridge.mint({ jti: 't2', scope });
    const headers = { 'last-event-id': '1_0', authorization: `Bearer ${token}` };
    const again = await bridge.stream(session, { headers });
    again.destroy();
    return again.status;
  };
  expect(await attempt('tools:read')).toBe(400);
  expect(seenIn(stream.text())).toEqual([1]);
  expect(await attempt('tools:read tools:call resources:read prompts:read')).toBe(200);
});

test('a long stream is asked to come back; an earlier revision is not', async () => {
  const bridge = await startBridge(patient);
  const [session, older] = [await bridge.open(), await bridge.open('2025-06-18')];
  const calling = await startStream(bridge, session);
  const staying = await startStream(bridge, older);
  bridge.clock.advance(4 * minutes);
  await calling.say(2);
  await calling.stream.events(2);
  bridge.clock.advance(minutes);
  await calling.stream.closed;
  expect(calling.stream.text()).toMatch(/id: 1_2\nretry: 1000\ndata:\n\n$/);
  await calling.say(3);
  const again = await resume(bridge, session, '1_2');
  await calling.say(4);
  await again.events(2);
  bridge.clock.advance(4 * minutes);
  await bridge.tool(session, 'release');
  await again.closed;
  expect(seenIn(again.text())).toEqual([3, 4, '900']);
  await bridge.tool(older, 'release');
  await staying.stream.closed;
  expect(seenIn(staying.stream.text())).toEqual([1, '900']);
});

test('what a server asks a client that is away reaches it when it comes back', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream } = await startStream(bridge, session);
  stream.destroy();
  await bridge.tool(session, 'ask', { times: 1 });
  const again = await resume(bridge, session, '1_1');
  const [event] = await again.events(1);
  expect(JSON.parse(event?.data ?? '')).toMatchObject({ id: 'ask-1', method: 'roots/list' });
});

test('a client that does not come back keeps its call no longer than a silent one', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const { stream, say } = await startStream(bridge, session);
  const headers = { 'last-event-id': '1_1' };
  bridge.clock.advance(100_000);
  await say(2);
  await stream.events(2);
  bridge.clock.advance(100_000);
  expect((await bridge.rpc(session, { id: 900, method: 'ping' })).status).toBe(400);
  stream.destroy();
  await until(async () => {
    await say(3);
    bridge.clock.advance(1000);
    return (await bridge.rpc(session, { id: 900, method: 'ping' })).status === 200;
  });
  const again = await bridge.stream(session, { headers });
  await again.closed;
  const last = parseEvents(again.text()).at(-1)?.data ?? '';
  expect(JSON.parse(last)).toMatchObject({ id: 900, error: { code: -32001 } });
});

test('a session whose client left while it was opened ends, though the answer had become a stream', async () => {
  const bridge = await startBridge({ options: ['--silent'] });
  const socket = connect(bridge.port, '127.0.0.1');
  const body = JSON.stringify(initialize('2025-11-25'));
  socket.write(
    `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${bridge.port}\r\nAccept: */*\r\n` +
      `Authorization: Bearer ${await bridge.mint()}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  await until(() => bridge.pid() > 0);
  bridge.clock.advance(15_000);
  await until(() => text.includes('text/event-stream'));
  expect(text).not.toMatch(/^id: /m);
  socket.destroy();
  await until(() => !isAlive(bridge.pid()));
});

test('a client that comes back and does not read holds up the server, and is cut off in the end', async () => {
  const bridge = await startBridge(patient);
  const session = await bridge.open();
  const { stream } = await startStream(bridge, session);
  stream.destroy();
  // More than the sockets hold.
  const text = 'x'.repeat(4_000_000);
  await write(bridge, session, JSON.stringify({ jsonrpc: '2.0', id: 900, result: { text } }));
  const socket = connect(bridge.port, '127.0.0.1').pause();
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${bridge.port}\r\nAccept: text/event-stream\r\n` +
      `Authorization: Bearer ${await bridge.mint()}\r\nMcp-Session-Id: ${session}\r\n` +
      'Last-Event-ID: 1_1\r\n\r\n',
  );
  await new Promise((resolve) => socket.once('readable', resolve));
  let isAnswered = false;
  const waiting = bridge.tool(session, 'echo').then(() => (isAnswered = true));
  const other = await bridge.open();
  for (let turn = 0; turn < 50; turn += 1) await bridge.tool(other, 'big', { bytes: 100_000 });
  expect(isAnswered).toBe(false);
  bridge.clock.advance(61_000);
  await waiting;
  // It was not taken, so it is there still.
  const again = await resume(bridge, session, '1_1');
  await again.closed;
  expect(seenIn(again.text())).toEqual(['900']);
  socket.destroy();
});
