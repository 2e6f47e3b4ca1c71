import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { BridgeConfig } from '../../src/bridge/config.ts';
import { unusedPort } from '../support/unused.ts';
import {
  initialize,
  isAlive,
  startBridge,
  toolCall,
  until,
  type Answer,
  type TestBridge,
} from './harness.ts';
import { ask, follow, stateless, tool as toolOf } from './modern-client.ts';

const fixture = new URL('../fixtures/http-server.mjs', import.meta.url).pathname;

interface HttpSetup extends Omit<NonNullable<Parameters<typeof startBridge>[0]>, 'server'> {
  server?: Partial<BridgeConfig['server']>;
  options?: string[];
}

/** A bridge in front of a server that speaks HTTP itself. */
async function startHttp({ server, options = [], ...setup }: HttpSetup = {}): Promise<TestBridge> {
  const http = { port: await unusedPort(), path: '/mcp' };
  const argv = [process.execPath, fixture, ...options];
  return startBridge({ ...setup, server: { argv, http, ...server } });
}

function textOf({ json }: Answer): string {
  return json.result?.content?.[0]?.text ?? '';
}

async function ready({ call }: TestBridge): Promise<string> {
  const headers = { authorization: undefined };
  return (await call({ method: 'GET', path: '/readyz', headers })).text;
}

/** Pids of the server's processes, oldest first. */
function pids({ log }: TestBridge): number[] {
  const found = log.map((line) => Number(/^server: started, pid (\d+)/.exec(line)?.[1]));
  return found.filter((pid) => !Number.isNaN(pid));
}

/** Sends a request and reads nothing of its answer, before it is asked to. */
async function unread(bridge: TestBridge, session: string, json: string) {
  const sent = request(bridge.url, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${await bridge.mint()}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-session-id': session,
    },
  });
  sent.end(json);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return () => text(response);
}

const body = JSON.stringify(initialize('2025-11-25'));

test('a request without a valid token does not reach the server', async () => {
  const { call, mint, setLive } = await startHttp();
  expect((await call({ body, headers: { authorization: undefined } })).status).toBe(401);
  const forged = { authorization: `Bearer ${await mint({ jti: 'gone' })}` };
  for (const method of ['POST', 'GET', 'DELETE']) {
    const answer = await call({ method, headers: forged, ...(method === 'POST' ? { body } : {}) });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('resource_metadata='),
    ]);
  }
  setLive([]);
  expect((await call({ body })).status).toBe(401);
});

test('a foreign Host or Origin is refused before the server hears of it', async () => {
  const { call } = await startHttp({ origins: ['http://page.test'] });
  expect((await call({ body, headers: { host: 'evil.test' } })).status).toBe(403);
  expect((await call({ body, headers: { origin: 'http://evil.test' } })).status).toBe(403);
  const page = await call({ body, headers: { origin: 'http://page.test' } });
  expect(page.headers['access-control-allow-origin']).toBe('http://page.test');
});

test('the bounds and the scopes hold as they do for stdio', async () => {
  const { call, open, mint, rpc } = await startHttp({ bounds: { bodyBytes: 1000 } });
  const session = await open();
  const status = async (options: Parameters<typeof call>[0]): Promise<number> =>
    (await call({ body, ...options, headers: { 'mcp-session-id': session, ...options?.headers } }))
      .status;
  expect(await status({ body: JSON.stringify({ pad: 'x'.repeat(1000) }) })).toBe(413);
  expect(await status({ headers: { 'content-type': 'text/plain' } })).toBe(415);
  expect(await status({ headers: { accept: 'application/json' } })).toBe(406);
  expect(await status({ body: '{' })).toBe(400);
  expect(await status({ body: '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"x"}' })).toBe(400);
  const headers = { authorization: `Bearer ${await mint({ scope: 'tools:read', jti: 't2' })}` };
  const refused = await rpc(session, toolCall(5, 'echo'), { headers });
  expect([refused.status, refused.json.id]).toEqual([403, 5]);
  expect(refused.headers['www-authenticate']).toContain('scope="tools:call"');
  const batch = JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'ping' }, toolCall(2, 'echo')]);
  expect(await status({ body: batch, headers })).toBe(403);
  // A server that went by the header would run what the body didn't say.
  const disguised = { 'mcp-method': 'tools/call', ...headers };
  const mismatch = await rpc(session, { id: 1, method: 'ping' }, { headers: disguised });
  expect([mismatch.status, mismatch.json.error?.code]).toEqual([400, -32020]);
});

test('the server gets no credentials, and nothing about the way a request came', async () => {
  const bridge = await startHttp({ origins: ['http://page.test'] });
  const session = await bridge.open();
  const call = toolCall(1, 'headers');
  const headers = {
    cookie: 'a=b',
    origin: 'http://page.test',
    forwarded: 'for=1.2.3.4',
    'x-forwarded-for': '1.2.3.4',
    'x-mcpd-user-id': 'alice',
    'proxy-authorization': 'Basic x',
    mcp_session_id: 'other',
    'mcp-session_id': 'other',
    'mcp-protocol-version': '2025-11-25',
    'mcp-name': 'headers',
    'last-event-id': '7',
  };
  const seen = async (): Promise<Map<string, string>> => {
    const raw = JSON.parse(textOf(await bridge.rpc(session, call, { headers }))) as string[];
    const names = raw.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    return new Map(names.map((name, index) => [name, raw[2 * index + 1] ?? '']));
  };
  const [first, second] = [await seen(), await seen()];
  const requestId = first.get('x-mcpd-request-id');
  expect(Object.fromEntries(first)).toEqual({
    host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    connection: 'keep-alive',
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'content-length': expect.any(String),
    'mcp-session-id': session,
    'mcp-protocol-version': '2025-11-25',
    'mcp-name': 'headers',
    'last-event-id': '7',
    'x-mcpd-user-id': 'u1',
    'x-mcpd-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(first.get('host')).not.toContain(String(bridge.port));
  expect(second.get('x-mcpd-request-id')).not.toBe(requestId);
});

test('of the server’s headers its client gets those of the protocol', async () => {
  const { open, tool } = await startHttp();
  const session = await open();
  const headers = {
    'Content-Type': 'application/json',
    'Mcp-Session-Id': session,
    'Retry-After': '3',
    'Set-Cookie': 'a=b',
    Location: '/elsewhere',
    'Access-Control-Allow-Origin': '*',
    'WWW-Authenticate': 'Bearer',
    'X-Powered-By': 'fixture',
  };
  const answer = await tool(session, 'status', { status: 418, headers, body: '{}' });
  expect([answer.status, answer.text]).toEqual([418, '{}']);
  expect(answer.headers).toMatchObject({ 'mcp-session-id': session, 'retry-after': '3' });
  for (const name of Object.keys(headers).slice(3)) {
    expect(answer.headers[name.toLowerCase()], name).toBeUndefined();
  }
});

test('a redirect, or a question for credentials, is an error instead: a client could do nothing with it', async () => {
  const { open, tool } = await startHttp();
  const session = await open();
  for (const status of [307, 401, 407]) {
    const answer = await tool(session, 'status', { status, headers: {}, body: '' });
    expect(answer.status).toBe(200);
    expect(answer.json.error?.message).toContain(`answered with HTTP ${status}`);
  }
});

test('an answer streams: an event arrives while the server is still working', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const stream = await bridge.stream(session, {
    method: 'POST',
    body: JSON.stringify(toolCall(1, 'stream')),
  });
  const { headers } = await fetch(bridge.url, {
    headers: {
      authorization: `Bearer ${await bridge.mint()}`,
      accept: 'text/event-stream',
      'mcp-session-id': session,
    },
  });
  // Unlike Node's own client, it shows a header that is there twice.
  expect(headers.get('content-type')).toBe('text/event-stream');
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  expect(await stream.events(1)).toHaveLength(1);
  await bridge.tool(session, 'release');
  expect((await stream.events(2))[1]?.data).toContain('streamed');
  await stream.closed;
});

test('a GET stream brings what the server says of its own accord, and is resumed by its last event', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const stream = await bridge.stream(session, { headers: { 'last-event-id': '6' } });
  expect((await stream.events(1))[0]?.data).toContain('"last-event-id":"6"');
  await bridge.tool(session, 'notify');
  expect((await stream.events(2))[1]?.id).toBe('7');
  bridge.clock.advance(16_000);
  await until(() => stream.text().endsWith(':\n\n'));
  stream.destroy();
  await until(async () => textOf(await bridge.tool(session, 'notify')) === '0');
});

test('a client that does not read holds its server back, and nobody else', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const call = toolCall(1, 'flood', { events: 1000, pad: 'x'.repeat(100_000) });
  const read = await unread(bridge, session, JSON.stringify(call));
  const count = async (): Promise<number> => Number(textOf(await bridge.tool(session, 'flooded')));
  let before = -1;
  await until(async () => {
    const now = await count();
    const isStill = now > 0 && now === before;
    before = now;
    return isStill;
  });
  expect(before).toBeLessThan(900);
  expect((await read()).match(/"pad"/g)).toHaveLength(1000);
});

test('a client that leaves ends its request at the server', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const before = Number(textOf(await bridge.tool(session, 'aborted')));
  const stream = await bridge.stream(session, {
    method: 'POST',
    body: JSON.stringify(toolCall(1, 'stream')),
  });
  const abort = new AbortController();
  const held = bridge.rpc(session, toolCall(2, 'hold'), { signal: abort.signal });
  await stream.events(1);
  stream.destroy();
  await until(async () => Number(textOf(await bridge.tool(session, 'aborted'))) === before + 1);
  abort.abort();
  await expect(held).rejects.toThrow('aborted');
  await until(async () => Number(textOf(await bridge.tool(session, 'aborted'))) === before + 2);
});

test('a server that crashes: every request in flight is told why, then it runs again and old sessions are gone', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const stream = await bridge.stream(session, {
    method: 'POST',
    body: JSON.stringify(toolCall(77, 'stream')),
  });
  await stream.events(1);
  const failed = await bridge.tool(session, 'crash');
  const message = 'the MCP server exited with code 3; its last output: first line | last words';
  expect(failed.status).toBe(200);
  expect(failed.json).toMatchObject({
    id: expect.any(Number) as number,
    error: { code: -32000, message, data: { kind: 'exit', code: 3 } },
  });
  const told = JSON.parse((await stream.events(2))[1]?.data ?? '') as object;
  expect(told).toMatchObject({ id: 77, error: { code: -32000, message } });
  await stream.closed;
  const gone = await bridge.rpc(session, { id: 3, method: 'ping' });
  expect([gone.status, gone.json.id]).toEqual([404, 3]);
  const answer = await bridge.tool(await bridge.open(), 'echo', { text: 'again' });
  expect(textOf(answer)).toBe('again');
  expect(await ready(bridge)).toBe('ready');
  const [first = 0, second = 0] = pids(bridge);
  expect([isAlive(first), isAlive(second)]).toEqual([false, true]);
});

test('a stream that breaks off between two events ends with the error, within one it is cut', async () => {
  const bridge = await startHttp();
  const between = await bridge.tool(await bridge.open(), 'crash-in-stream');
  expect(between.events).toMatchObject([{ method: 'notifications/progress' }, { error: {} }]);
  const within = bridge.tool(await bridge.open(), 'crash-in-stream', { half: true });
  await expect(within).rejects.toThrow('aborted');
});

test('every request of a batch is told, as an array', async () => {
  const { open, call } = await startHttp();
  const batch = [{ jsonrpc: '2.0', id: '1', method: 'ping' }, toolCall(2, 'exit', { code: 0 })];
  const headers = { 'mcp-session-id': await open() };
  const answer = await call({ body: JSON.stringify(batch), headers });
  expect(answer.json).toMatchObject([
    { id: '1', error: { message: 'the MCP server exited with code 0' } },
    { id: 2, error: { code: -32000 } },
  ]);
});

test('a server killed for want of memory: the answer says so, with the cap', async () => {
  let kills = 0;
  const { open, tool } = await startHttp({ countOomKills: () => kills });
  const session = await open();
  kills += 1;
  const killed = await tool(session, 'kill', { signal: 'SIGKILL' });
  expect(killed.json.error).toMatchObject({
    message: 'the MCP server ran out of memory (cap 64 MiB) and was killed',
    data: { kind: 'out-of-memory', memoryBytes: 64 * 2 ** 20 },
  });
});

test('a connection that breaks off while its server lives on is an error that says so', async () => {
  const bridge = await startHttp();
  const answer = await bridge.tool(await bridge.open(), 'hangup');
  expect(answer.json.error?.message).toBe('the MCP server broke the connection off');
  expect(pids(bridge)).toHaveLength(1);
});

test('a server that keeps ending is started again ever more slowly; clients are told when', async () => {
  const bridge = await startHttp({ options: ['--crash-at-start'] });
  await until(() => bridge.log.filter((line) => line === 'server: ended, exited').length === 3);
  expect(pids(bridge)).toHaveLength(3);
  expect(await ready(bridge)).toBe('exited');
  const refused = await bridge.call({ body });
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  expect(refused.json.error?.message).toContain('keeps failing (exited); next try in 1 s');
  bridge.clock.advance(1_000);
  const told = await bridge.call({ body });
  expect(told.json.error?.message).toMatch(/code 7; its last output: no configuration found$/);
  expect((await bridge.call({ body })).headers['retry-after']).toBe('2');
  bridge.clock.advance(2_000);
  await until(() => bridge.log.filter((line) => line === 'server: ended, exited').length === 5);
  expect(bridge.log).not.toContain('hopeless');
  bridge.clock.advance(0);
  expect(bridge.log).toContain('hopeless');
});

test('a server that its clients keep crashing is not given up', async () => {
  const bridge = await startHttp();
  for (let time = 1; time <= 6; time += 1) {
    await bridge.tool(await bridge.open(), 'crash');
    await until(
      () => bridge.log.filter((line) => line === 'server: ended, exited').length === time,
    );
    bridge.clock.advance(0);
    bridge.clock.advance(time < 3 ? 0 : 30_000);
  }
  expect(bridge.log).not.toContain('hopeless');
});

test('crashes of a server that runs well are forgiven', async () => {
  const bridge = await startHttp();
  for (let time = 1; time <= 4; time += 1) {
    await bridge.tool(await bridge.open(), 'crash');
    await until(async () => (await ready(bridge)) === 'ready');
    bridge.clock.advance(10_000);
  }
  expect((await bridge.tool(await bridge.open(), 'echo')).status).toBe(200);
});

test('it is ready once it answers initialize, of which no session stays', async () => {
  const bridge = await startHttp({ options: ['--refuse-once'] });
  expect(['starting', 'ready']).toContain(await ready(bridge));
  await until(async () => (await ready(bridge)) === 'ready');
  const session = await bridge.open();
  await until(async () => {
    const answer = await bridge.rpc(session, { id: 1, method: 'ping' });
    return answer.json.result?.['open'] === 1;
  });
});

test.each(['--silent', '--lost'])(
  'a server that takes requests and answers none as MCP does is ended (%s)',
  async (option) => {
    const bridge = await startHttp({ options: [option] });
    await until(() => pids(bridge).length === 1);
    expect(await ready(bridge)).toBe('starting');
    let answer: Answer | undefined;
    const waiting = bridge.call({ body }).then((given) => (answer = given));
    // By small steps: when the request reaches the bridge is not seen from here.
    await until(() => {
      bridge.clock.advance(500);
      return answer !== undefined;
    });
    const { error } = (await waiting).json;
    expect(error?.message).toContain('did not answer initialize in time');
    expect(await ready(bridge)).toBe('silent');
  },
);

test('a command that does not exist is an error that says so', async () => {
  const bridge = await startHttp({ server: { argv: ['/nowhere/server'] } });
  await until(async () => (await ready(bridge)) === 'unstartable');
  expect((await bridge.call({ body })).status).toBe(503);
});

test('a session belongs to the subject that opened it', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const headers = { authorization: `Bearer ${await bridge.mint({ sub: 'alice', jti: 't2' })}` };
  const named = { 'mcp-session-id': session, ...headers };
  for (const method of ['POST', 'GET', 'DELETE']) {
    const payload = method === 'POST' ? { body } : {};
    const answer = await bridge.call({ method, headers: named, ...payload });
    expect(answer.status, method).toBe(404);
  }
  expect((await bridge.rpc('toString', { id: 1, method: 'ping' })).status).toBe(404);
  expect((await bridge.tool(session, 'echo')).status).toBe(200);
  // Another token of the same subject.
  const again = { authorization: `Bearer ${await bridge.mint({ jti: 't2' })}` };
  expect((await bridge.rpc(session, { id: 1, method: 'ping' }, { headers: again })).status).toBe(
    200,
  );
});

test('DELETE ends a session at the server', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const headers = { 'mcp-session-id': session };
  expect((await bridge.call({ method: 'DELETE', headers })).status).toBe(204);
  expect((await bridge.tool(session, 'echo')).status).toBe(404);
});

test('a server without sessions is served too', async () => {
  const { call } = await startHttp({ options: ['--stateless'] });
  const first = await call({ body });
  expect([first.status, first.headers['mcp-session-id']]).toEqual([200, undefined]);
  expect(textOf(await call({ body: JSON.stringify(toolCall(1, 'echo', { text: 'hi' })) }))).toBe(
    'hi',
  );
});

test('a client without sessions reaches its server, headers checked against the body', async () => {
  const bridge = await startHttp({ options: ['--stateless'], bounds: { requestMs: 5_000 } });
  const echo = toolOf('echo', { text: 'hi' });
  expect(textOf(await ask(bridge, echo))).toBe('hi');
  const other = await ask(bridge, { ...echo, headers: { 'mcp-name': 'exit' } });
  expect([other.status, other.json.error?.code]).toEqual([400, -32020]);
  // Its stream may be silent, as a GET stream may.
  const stream = await follow(bridge, { method: 'subscriptions/listen' });
  await stream.events(1);
  bridge.clock.advance(5_000);
  await ask(bridge, toolOf('notify'));
  expect(await stream.events(2)).toHaveLength(2);
});

test('a request without a session that two parsers may read differently does not reach the server', async () => {
  const bridge = await startHttp({ options: ['--stateless'] });
  const { body: plain, ...rest } = stateless(toolOf('crash'));
  const twice = String(plain).replace('"name":"crash"', '"name":"echo","name":"crash"');
  const answer = await bridge.call({ ...rest, body: twice });
  expect([answer.status, answer.json.error?.code]).toEqual([400, -32602]);
  expect(textOf(await ask(bridge, toolOf('echo', { text: 'still there' })))).toBe('still there');
  expect(pids(bridge)).toHaveLength(1);
});

test('headers that repeat parameters are the server’s to check: it gets them as they came', async () => {
  const bridge = await startHttp({ options: ['--stateless'] });
  const region = '=?base64?w7xiZXI=?=';
  const headers = { 'mcp-param-region': region };
  const answer = await ask(bridge, { ...toolOf('headers', { region: 'über' }), headers });
  const raw = JSON.parse(textOf(answer)) as string[];
  expect(raw[raw.indexOf('mcp-param-region') + 1]).toBe(region);
});

test('a server that sends no byte in time: the client is told, the request is ended', async () => {
  const bridge = await startHttp({ bounds: { requestMs: 5_000 } });
  const session = await bridge.open();
  const before = Number(textOf(await bridge.tool(session, 'aborted')));
  const silent = bridge.rpc(session, toolCall(9, 'hold'));
  const stream = await bridge.stream(session, {
    method: 'POST',
    body: JSON.stringify(toolCall(10, 'stream')),
  });
  await stream.events(1);
  const listening = await bridge.stream(session);
  await listening.events(1);
  bridge.clock.advance(5_000);
  expect((await silent).json).toMatchObject({ id: 9, error: { code: -32001 } });
  expect((await stream.events(2))[1]?.data).toContain('did not answer in time');
  await until(async () => Number(textOf(await bridge.tool(session, 'aborted'))) === before + 2);
  // A GET stream may be silent for as long as it likes.
  await bridge.tool(session, 'notify');
  expect(await listening.events(2)).toHaveLength(2);
});

test('a revoked token ends what is in flight', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const stream = await bridge.stream(session);
  await stream.events(1);
  bridge.setLive(['t2']);
  bridge.clock.advance(0);
  await stream.closed;
  expect((await bridge.tool(session, 'echo')).status).toBe(401);
});

test('requests beyond the bound are told to come back', async () => {
  const bridge = await startHttp({ bounds: { pendingPerSession: 2 } });
  const session = await bridge.open();
  const held = [1, 2].map((id) => bridge.rpc(session, toolCall(id, 'hold')));
  await until(async () => {
    const answer = await bridge.rpc(session, { id: 3, method: 'ping' });
    return answer.status === 429 && answer.headers['retry-after'] === '1';
  });
  bridge.clock.advance(120_000);
  await Promise.all(held);
  expect((await bridge.tool(session, 'echo')).status).toBe(200);
});

test('the server sees its port, its host, what is declared and its secrets, and nothing else', async () => {
  const port = await unusedPort();
  const { open, tool } = await startHttp({
    server: { env: { LEVEL: 'high' }, http: { port, path: '/mcp' } },
    secrets: new Map([['API_KEY', 'value']]),
  });
  const environment = JSON.parse(textOf(await tool(await open(), 'environment'))) as object;
  expect(environment).toEqual({
    PATH: process.env['PATH'],
    HOME: '/tmp',
    HOST: '127.0.0.1',
    PORT: String(port),
    LEVEL: 'high',
    API_KEY: 'value',
  });
});

test('what the server prints on either output is logged, without secrets', async () => {
  const secrets = new Map([['API_KEY', 'hunter2-hunter2']]);
  const bridge = await startHttp({ secrets });
  const session = await bridge.open();
  const said = { stdout: 'out hunter2-hunter2', stderr: 'err \u001b[31mred\u0007' };
  await bridge.tool(session, 'print', said);
  await until(() => bridge.stderr.length === 2);
  expect(bridge.stderr.toSorted()).toEqual(['[server] err red', '[server] out ***']);
});

test('a server that listens on every address is told on in the log', async () => {
  const bridge = await startHttp({ options: ['--everywhere'] });
  await bridge.open();
  expect(bridge.log.join('\n')).toContain('listens beyond 127.0.0.1');
  const quiet = await startHttp();
  await quiet.open();
  expect(quiet.log.join('\n')).not.toContain('listens beyond');
});

test('the end of the bridge is the end of the server, and requests in flight are told', async () => {
  const bridge = await startHttp();
  const session = await bridge.open();
  const stream = await bridge.stream(session);
  await stream.events(1);
  const held = bridge.rpc(session, toolCall(1, 'stream'));
  await until(async () => textOf(await bridge.tool(session, 'notify')) === '1');
  await bridge.bridge.close();
  const events = (await held).events;
  expect(events.at(-1)?.error?.message).toBe('the session was ended: the bridge is shutting down');
  await stream.closed;
  expect(pids(bridge).map(isAlive)).toEqual([false]);
});
