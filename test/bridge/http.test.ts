import { expect, test } from 'vitest';
import { initialize, startBridge, until } from './harness.ts';

const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

test('the bridge tells that it is alive without a token, and knows no other path', async () => {
  const { call } = await startBridge();
  const bare = { authorization: undefined };
  const health = await call({ method: 'GET', path: '/healthz', headers: bare });
  expect([health.status, health.text]).toEqual([200, 'ok']);
  expect((await call({ method: 'GET', path: '/healthz?x=1', headers: bare })).status).toBe(200);
  for (const path of ['/', '/mcp/', '/healthz/', '/../mcp', '/constructor', '/__proto__']) {
    expect((await call({ method: 'GET', path })).status, path).toBe(404);
  }
});

test('a wrong method is refused with the right ones', async () => {
  const { call } = await startBridge();
  for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE']) {
    const answer = await call({ method });
    expect(answer.status, method).toBe(405);
    expect(answer.headers.allow, method).toBe('GET, POST, DELETE');
  }
  const health = await call({ path: '/healthz' });
  expect([health.status, health.headers.allow]).toEqual([405, 'GET, HEAD']);
});

test('a POST must accept both answers and send JSON', async () => {
  const { open, call } = await startBridge();
  const session = await open();
  const status = async (headers: Record<string, string | undefined>): Promise<number> =>
    (await call({ body: ping, headers: { 'mcp-session-id': session, ...headers } })).status;
  expect(await status({ accept: 'application/json' })).toBe(406);
  expect(await status({ accept: 'text/event-stream' })).toBe(406);
  expect(await status({ accept: undefined })).toBe(406);
  expect(await status({ accept: 'text/event-stream;q=0, application/json' })).toBe(406);
  expect(await status({ accept: '*/*' })).toBe(200);
  expect(await status({ accept: 'Application/JSON;q=0.9, text/event-stream' })).toBe(200);
  expect(await status({ 'content-type': 'text/plain' })).toBe(415);
  expect(await status({ 'content-type': undefined })).toBe(415);
  expect(await status({ 'content-type': 'application/json; charset=utf-8' })).toBe(200);
  const get = await call({
    method: 'GET',
    headers: { 'mcp-session-id': session, accept: 'application/json' },
  });
  expect(get.status).toBe(406);
});

test('sessions: 400 without an id, 404 with an unknown one, for every method', async () => {
  const { call } = await startBridge();
  for (const method of ['POST', 'GET', 'DELETE']) {
    const body = method === 'POST' ? { body: ping } : {};
    expect((await call({ method, ...body })).status, method).toBe(400);
    for (const id of ['nobody', 'toString', '__proto__', 'constructor']) {
      const answer = await call({ method, ...body, headers: { 'mcp-session-id': id } });
      expect(answer.status, `${method} ${id}`).toBe(404);
    }
  }
});

test('initialize opens a session of its own, with an id nobody can guess', async () => {
  const { open, rpc } = await startBridge();
  const ids = [await open(), await open()];
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/);
  expect((await rpc(ids[0] ?? '', initialize('2025-11-25'))).status).toBe(400);
  expect((await rpc('gone', initialize('2025-11-25'))).status).toBe(404);
});

test('every revision with sessions is taken; others are refused and the supported ones named', async () => {
  const { open, rpc } = await startBridge();
  for (const revision of ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']) {
    const session = await open(revision);
    const headers = { 'mcp-protocol-version': revision };
    const answer = await rpc(session, { id: 1, method: 'ping' }, { headers });
    expect(answer.status, revision).toBe(200);
    if (revision !== '2025-11-25') continue;
    for (const other of ['1.0', '']) {
      const refused = await rpc(
        session,
        { id: 2, method: 'ping' },
        { headers: { 'mcp-protocol-version': other } },
      );
      expect(refused.status, other).toBe(400);
      expect(refused.json.error?.data).toMatchObject({ requested: other });
    }
  }
});

test('bodies that are no message are refused', async () => {
  const { open, call } = await startBridge();
  const session = await open();
  const cases: [string | Buffer, number][] = [
    ['', -32700],
    ['{', -32700],
    ['{"jsonrpc":"2.0","id":1,"method":"ping"} x', -32700],
    [Buffer.from('{"jsonrpc":"2.0","id":1,"method":"p\xff"}', 'latin1'), -32700],
    ['\ufeff{"jsonrpc":"2.0","id":1,"method":"ping"}', -32700],
    ['null', -32600],
    ['1', -32600],
    ['[]', -32600],
    ['[1]', -32600],
    ['{}', -32600],
    ['{"id":1,"method":"ping"}', -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":5}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', -32600],
    ['['.repeat(100_000), -32700],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, -32600],
  ];
  for (const [body, code] of cases) {
    const answer = await call({ body, headers: { 'mcp-session-id': session } });
    expect(answer.status, body.toString().slice(0, 50)).toBe(400);
    expect(answer.json.error?.code, body.toString().slice(0, 50)).toBe(code);
  }
});

test('notifications and responses are accepted without an answer', async () => {
  const { open, rpc } = await startBridge();
  const session = await open();
  for (const message of [
    { method: 'notifications/initialized' },
    { id: 'sample-9', result: {} },
    { id: 'sample-9', error: { code: -1, message: 'no' } },
  ]) {
    const answer = await rpc(session, message);
    expect([answer.status, answer.text]).toEqual([202, '']);
  }
});

test('arrays of messages are for the one revision that has them', async () => {
  const { open, call } = await startBridge();
  const batch = (...messages: object[]): string =>
    JSON.stringify(
      messages.map((message) => ({ jsonrpc: '2.0', ...message })),
      undefined,
      1,
    );
  const send = async (session: string, body: string) =>
    call({ body, headers: { 'mcp-session-id': session } });
  const body = batch(
    { id: 1, method: 'ping' },
    { method: 'notifications/x' },
    { id: 'b', method: 'y' },
  );
  expect((await send(await open('2025-11-25'), body)).status).toBe(400);

  const session = await open('2025-03-26');
  const answer = await send(session, body);
  expect(answer.json).toEqual([
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 'b', result: { method: 'y' } },
  ]);
  const quiet = await send(session, batch({ method: 'notifications/x' }));
  expect(quiet.status).toBe(202);
  const twins = batch({ id: 1, method: 'ping' }, { id: 1, method: 'ping' });
  expect((await send(session, twins)).status).toBe(400);
  expect((await call({ body: `[${JSON.stringify(initialize('2025-03-26'))}]` })).status).toBe(400);
});

test('DELETE ends the session and its server', async () => {
  const { open, call, rpc, log } = await startBridge();
  const session = await open();
  const headers = { 'mcp-session-id': session };
  const deleted = await call({ method: 'DELETE', headers });
  expect(deleted.status).toBe(204);
  expect(deleted.headers['content-length']).toBeUndefined();
  expect((await rpc(session, { id: 1, method: 'ping' })).status).toBe(404);
  await until(() => log.includes('session 1: ended, its client ended it'));
});

test('an id that is in flight cannot be used a second time', async () => {
  const { open, rpc, tool } = await startBridge();
  const session = await open();
  const held = rpc(session, { id: 'same', method: 'tools/call', params: { name: 'hold' } });
  await until(async () => {
    const answer = await rpc(session, { id: 'same', method: 'ping' });
    return answer.status === 400;
  });
  await tool(session, 'release');
  expect((await held).status).toBe(200);
});
