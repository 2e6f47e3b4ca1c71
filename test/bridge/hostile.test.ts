import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { processesWith } from '../support/proc.ts';
import {
  isAlive,
  startBridge,
  toolCall,
  until,
  untilInFlight,
  type Answer,
  type TestBridge,
} from './harness.ts';

const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
const limits = { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 };

describe('what a hostile client does costs nobody else', () => {
  test('slowloris (headers)', async () => {
    const { bridge, session, held } = await startHeld({ limits });
    const { socket, text } = await dial(bridge);
    drip(socket, await head(bridge, session));
    await untilClosed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    await expectRelease(bridge, session, held);
  });

  test('slowloris (body)', async () => {
    const { bridge, session, held } = await startHeld({ limits });
    const { socket, text } = await dial(bridge);
    socket.write(await head(bridge, session, { 'Content-Length': '1000' }));
    drip(socket, '{'.repeat(1000));
    await untilClosed(socket);
    expect(text()).toMatch(/^HTTP\/1\.1 408 /);
    await expectRelease(bridge, session, held);
  });

  test('half-open sockets', async () => {
    const bridge = await startBridge({ limits: { ...limits, connections: 20 } });
    const session = await bridge.open();
    const silent = await Promise.all(Array.from({ length: 60 }, () => dial(bridge)));
    // The first 20 are closed when they have said nothing for long enough, the others at once.
    await Promise.all(silent.map(({ socket }) => untilClosed(socket)));
    expect((await bridge.tool(session, 'echo')).status).toBe(200);
    // One that ends its side while it waits for an answer.
    const { socket } = await dial(bridge);
    const message = JSON.stringify(toolCall(1000, 'hold'));
    const length = { 'Content-Length': String(message.length) };
    socket.write((await head(bridge, session, length)) + message);
    await untilInFlight(bridge, session, 1000);
    socket.end();
    await untilClosed(socket);
    await bridge.tool(session, 'release');
    expect((await bridge.rpc(session, { id: 1000, method: 'ping' })).status).toBe(200);
  });

  test('a client that vanishes mid-stream', async () => {
    const bridge = await startBridge();
    const session = await bridge.open();
    const call = toolCall(900, 'progress', { steps: 5000, pad: 'x'.repeat(4000) });
    const params = { ...call.params, _meta: { progressToken: 'p' } };
    const calling = await bridge.stream(session, {
      method: 'POST',
      body: JSON.stringify({ ...call, params }),
    });
    await calling.events(1);
    calling.destroy();
    const listening = await bridge.stream(session);
    listening.destroy();
    await until(
      async () => (await bridge.rpc(session, { id: 900, method: 'ping' })).status === 200,
    );
    expect((await bridge.tool(session, 'echo')).status).toBe(200);
    // Nobody listens any more, so that it expires like any other.
    await until(() => {
      bridge.clock.advance(601_000);
      return bridge.log.includes('session 1: ended, idle');
    });
    await until(() => !isAlive(bridge.pid()));
  });

  test('a slow reader', { timeout: 60_000 }, async () => {
    const bridge = await startBridge({ bounds: { requestMs: 1e9 } });
    const [session, other] = [await bridge.open(), await bridge.open()];
    const before = usedBytes();
    const call = toolCall(900, 'progress', { steps: 30_000, pad: 'x'.repeat(4000) });
    const message = JSON.stringify(call);
    const length = { 'Content-Length': String(message.length) };
    const { socket } = await dial(bridge);
    socket.write((await head(bridge, session, length)) + message);
    await once(socket, 'data');
    socket.pause();
    // 120 MB wait; none of them here.
    let most = 0;
    const look = async (): Promise<void> => {
      await bridge.tool(other, 'echo');
      most = Math.max(most, usedBytes());
    };
    for (let turn = 0; turn < 50; turn += 1) await look();
    // It is cut off in the end, and what was meant for it flows by.
    await until(async () => {
      bridge.clock.advance(61_000);
      await look();
      return (await bridge.rpc(session, { id: 900, method: 'ping' })).status === 200;
    });
    expect(most - before).toBeLessThan(16 * 2 ** 20);
  });

  test('10,000 sessions never deleted', { timeout: 600_000 }, async () => {
    const answer = '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25"}}';
    const script = `while read -r line; do echo '${answer}'; done # ${randomUUID()}`;
    const bridge = await startBridge({ server: { argv: ['/bin/sh', '-c', script] } });
    const openMany = async (count: number): Promise<void> => {
      const work = async (): Promise<void> => {
        for (let turn = 0; turn < count / 4; turn += 1) await bridge.open();
      };
      await Promise.all(Array.from({ length: 4 }, work));
    };
    await openMany(1000);
    const [bytes, files] = [usedBytes(), openFiles()];
    await openMany(9000);
    const count = (what: string): number => bridge.log.filter((line) => line.includes(what)).length;
    await until(() => count('ended, another session needed its place') === 10_000 - 8);
    expect(count('started')).toBe(10_000);
    expect(processesWith((text) => text.includes(script))).toHaveLength(8);
    // What the test itself notes of each session is in it.
    expect(usedBytes() - bytes).toBeLessThan(16 * 2 ** 20);
    expect(openFiles() - files).toBeLessThan(20);
  });

  test('body too large', async () => {
    const bridge = await startBridge({ bounds: { bodyBytes: 1000 } });
    const session = await bridge.open();
    const headers = { 'mcp-session-id': session };
    const body = ping.padEnd(1000);
    expect((await bridge.call({ body, headers })).status).toBe(200);
    const large = `${body} `;
    expect((await bridge.call({ body: large, headers })).status).toBe(413);
    const chunked = { ...headers, 'transfer-encoding': 'chunked' };
    expect((await bridge.call({ body: large, headers: chunked })).status).toBe(413);
    // The connection survives it: the rest of the body is read and forgotten.
    const { socket, text } = await dial(bridge);
    for (const one of [large, ping]) {
      socket.write((await head(bridge, session, { 'Content-Length': String(one.length) })) + one);
    }
    await until(() => text().includes('"result":{}'));
    expect(text()).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('headers too large', async () => {
    const { call } = await startBridge();
    const headers = { x: 'y'.repeat(20_000) };
    expect((await call({ method: 'GET', path: '/healthz', headers })).status).toBe(431);
  });

  test('line too long', async () => {
    const { call, open } = await startBridge();
    const session = await open();
    expect((await call({ method: 'GET', path: `/${'a'.repeat(20_000)}` })).status).toBe(431);
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'ping',
      params: { text: 'x'.repeat(2 ** 20) },
    };
    const headers = { 'mcp-session-id': session };
    expect((await call({ body: JSON.stringify(message), headers })).status).toBe(413);
    expect((await call({ body: ping, headers })).status).toBe(200);
  });

  test('too many pending', async () => {
    const bridge = await startBridge({ bounds: { pendingPerSession: 3 } });
    const [session, other] = [await bridge.open(), await bridge.open()];
    const held = [1001, 1002, 1003].map((id) => bridge.rpc(session, toolCall(id, 'hold')));
    await until(async () => (await bridge.rpc(session, { id: 1, method: 'ping' })).status === 429);
    const refused = await bridge.rpc(session, { id: 2, method: 'ping' });
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json).toMatchObject({ id: 2, error: { code: -32004 } });
    const cancel = { method: 'notifications/cancelled', params: { requestId: 1001 } };
    expect((await bridge.rpc(session, cancel)).status).toBe(429);
    expect((await bridge.tool(other, 'echo')).status).toBe(200);
    bridge.clock.advance(121_000);
    await Promise.all(held);
    expect((await bridge.rpc(session, { id: 3, method: 'ping' })).status).toBe(200);
  });

  test('too many streams', async () => {
    const bridge = await startBridge();
    const session = await bridge.open();
    const streams = [];
    for (let count = 0; count < 6; count += 1) streams.push(await bridge.stream(session));
    // The two oldest made room for the newest.
    await Promise.all(streams.slice(0, 2).map(({ closed }) => closed));
    await bridge.tool(session, 'changed');
    await streams[5]?.events(1);
    for (const older of streams.slice(2, 5)) expect(older.text()).toBe('');
  });
});

/** A session with a good client's request in flight. */
async function startHeld(setup: Parameters<typeof startBridge>[0]) {
  const bridge = await startBridge(setup);
  const session = await bridge.open();
  const held = bridge.rpc(session, toolCall(1000, 'hold'));
  await untilInFlight(bridge, session, 1000);
  return { bridge, session, held };
}

async function expectRelease(
  bridge: TestBridge,
  session: string,
  held: Promise<Answer>,
): Promise<void> {
  await bridge.tool(session, 'release');
  expect((await held).json.result?.content?.[0]?.text).toBe('released');
}

/** A bare connection, gone when the test is. */
async function dial({ port }: TestBridge): Promise<{ socket: Socket; text(): string }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, text: () => text };
}

/** Sends a text byte by byte, for as long as somebody takes it. */
function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++] ?? ''), 10);
  socket.on('close', () => clearInterval(timer));
}

async function untilClosed(socket: Socket): Promise<void> {
  await until(() => socket.closed);
}

/** The head of a good client's POST. */
async function head(
  bridge: TestBridge,
  session: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const all = {
    Host: `127.0.0.1:${bridge.port}`,
    Authorization: `Bearer ${await bridge.mint()}`,
    Accept: '*/*',
    'Content-Type': 'application/json',
    'Mcp-Session-Id': session,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Memory that is in use, on the heap and off it. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}
