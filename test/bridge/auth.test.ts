import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { initialize, startBridge, toolCall, until } from './harness.ts';

const body = JSON.stringify(initialize('2025-11-25'));

test('a request without a token is refused and told where the metadata is', async () => {
  const { call } = await startBridge();
  const answer = await call({ body, headers: { authorization: undefined } });
  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toBe(
    'Bearer resource_metadata="http://127.0.0.1:20000/.well-known/oauth-protected-resource/mcp"',
  );
  const metadata = await call({
    method: 'GET',
    path: '/.well-known/oauth-protected-resource/mcp',
    headers: { authorization: undefined },
  });
  expect(metadata.json).toEqual({
    resource: 'http://127.0.0.1:20000/mcp',
    bearer_methods_supported: ['header'],
    scopes_supported: ['tools:read', 'tools:call', 'resources:read', 'prompts:read'],
  });
});

test('wrong tokens are refused as invalid', async () => {
  const { call, mint, log } = await startBridge();
  const good = await mint();
  const [header = '', payload = '', signature = ''] = good.split('.');
  const foreignKey = generateKeyPairSync('ed25519').privateKey;
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const tokens = {
    expired: await mint({ expiresIn: -10 }),
    'of another audience': await mint({ aud: 'test/alice' }),
    'of another issuer': await mint({ iss: 'somebody' }),
    'with an id that is not live': await mint({ jti: 'gone' }),
    'signed by another key': await mint({}, foreignKey),
    'without a signature': `${none}.${payload}.`,
    'with a changed payload': `${header}.${payload.slice(0, -2)}AA.${signature}`,
    garbage: 'garbage',
    empty: '',
  };
  for (const [what, token] of Object.entries(tokens)) {
    const answer = await call({ body, headers: { authorization: `Bearer ${token}` } });
    expect(answer.status, what).toBe(401);
    expect(answer.headers['www-authenticate'], what).toContain('error="invalid_token"');
  }
  expect((await call({ body, headers: { authorization: `Basic ${good}` } })).status).toBe(401);
  expect(
    (await call({ body, path: `/mcp?access_token=${good}`, headers: { authorization: undefined } }))
      .status,
  ).toBe(401);
  expect(log.join()).not.toContain('started');
});

test('a revoked token is refused from the next request on, and works again when it is live again', async () => {
  const { open, rpc, setLive } = await startBridge();
  const session = await open();
  expect((await rpc(session, { id: 1, method: 'ping' })).status).toBe(200);
  setLive(['t2']);
  expect((await rpc(session, { id: 2, method: 'ping' })).status).toBe(401);
  setLive(['t1']);
  expect((await rpc(session, { id: 3, method: 'ping' })).status).toBe(200);
});

test('a token that was good is refused once it has expired', async () => {
  const { call, mint, clock } = await startBridge();
  const headers = { authorization: `Bearer ${await mint({ expiresIn: 60 })}` };
  expect((await call({ body, headers })).status).toBe(200);
  clock.advance(61_000);
  expect((await call({ body, headers })).status).toBe(401);
});

test('a token that ends before its exp says so is refused then, and its stream ends', async () => {
  const { open, rpc, stream, setLive, clock } = await startBridge();
  const session = await open();
  setLive(['t1'], { t1: clock.now() + 60_000 });
  const listening = await stream(session);
  expect((await rpc(session, { id: 1, method: 'ping' })).status).toBe(200);
  clock.advance(60_000);
  expect((await rpc(session, { id: 2, method: 'ping' })).status).toBe(401);
  await listening.closed;
});

test('admin implies what any other scope allows', async () => {
  const { open, tool, mint } = await startBridge();
  const session = await open('2025-11-25', await mint({ scope: 'admin' }));
  expect((await tool(session, 'echo', { text: 'x' })).status).toBe(200);
});

test('the last use of a token is noted, of a refused one not', async () => {
  const { call, mint, usedTokens, clock, bridge } = await startBridge();
  await call({ body, headers: { authorization: `Bearer ${await mint({ jti: 't9' })}` } });
  expect((await call({ body })).status).toBe(200);
  bridge.sweep();
  expect(usedTokens()).toEqual({ t1: clock.now() });
});

test('an open stream ends when its token is revoked', async () => {
  const { open, stream, setLive, bridge } = await startBridge();
  const listening = await stream(await open());
  setLive([]);
  bridge.sweep();
  await listening.closed;
  expect(listening.status).toBe(200);
});

test('a request in flight is cut off when its token is revoked', async () => {
  const { open, rpc, setLive, bridge } = await startBridge();
  const session = await open();
  const held = rpc(session, toolCall(9, 'hold'));
  await until(async () => (await rpc(session, { id: 9, method: 'ping' })).status === 400);
  setLive([]);
  bridge.sweep();
  await expect(held).rejects.toThrow('socket hang up');
});

test('a session is unknown to another subject and open to another token of the same one', async () => {
  const { open, rpc, mint, call } = await startBridge();
  const session = await open();
  const as = async (sub: string): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await mint({ sub, jti: 't2' })}`,
  });
  const alice = await as('alice');
  const ping = { id: 1, method: 'ping' };
  expect((await rpc(session, ping, { headers: alice })).status).toBe(404);
  const headers = { ...alice, 'mcp-session-id': session };
  expect((await call({ method: 'DELETE', headers })).status).toBe(404);
  expect((await rpc(session, ping, { headers: await as('bob') })).status).toBe(200);
});

test('a call outside the scopes of the token is refused, as a notification too, and never reaches the server', async () => {
  const { open, rpc, mint, tool } = await startBridge();
  const token = await mint({ scope: 'tools:read' });
  const session = await open('2025-11-25', token);
  const headers = { authorization: `Bearer ${token}` };
  expect((await rpc(session, { id: 1, method: 'tools/list' }, { headers })).status).toBe(200);

  const refused = await rpc(session, toolCall(2, 'echo'), { headers });
  expect(refused.status).toBe(403);
  expect(refused.headers['www-authenticate']).toMatch(
    /^Bearer error="insufficient_scope", scope="tools:call", resource_metadata="/,
  );
  expect(refused.json).toMatchObject({ id: 2, error: { code: -32003 } });
  const notification = { method: 'tools/call', params: { name: 'crash' } };
  expect((await rpc(session, notification, { headers })).status).toBe(403);

  const lines = (await tool(session, 'received')).json.result?.content?.[0]?.text ?? '';
  const methods = (JSON.parse(lines) as string[]).map(
    (line) => (JSON.parse(Buffer.from(line, 'base64').toString()) as { method: string }).method,
  );
  expect(methods).toEqual(['initialize', 'tools/list', 'tools/call']);
});

test('a message that two parsers could read differently is refused', async () => {
  const { open, call } = await startBridge();
  const session = await open();
  const bodies = [
    '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","m\\u0065thod":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}',
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
  ];
  for (const one of bodies) {
    const answer = await call({ body: one, headers: { 'mcp-session-id': session } });
    expect(answer.status, one).toBe(400);
    expect(answer.json.error?.code, one).toBe(-32600);
  }
});

test('the token never reaches the server', async () => {
  const { open, tool, mint } = await startBridge();
  const token = await mint();
  const session = await open('2025-11-25', token);
  const seen = [await tool(session, 'environment'), await tool(session, 'received')];
  expect(seen.map(({ text }) => text).join()).not.toContain(token.split('.')[2]);
});

test('a foreign Host or Origin is refused; an allowed Origin may read the answer', async () => {
  const { call } = await startBridge({ origins: ['https://app.example'] });
  expect((await call({ body, headers: { host: 'evil.example' } })).status).toBe(403);
  for (const origin of ['https://evil.example', 'null', 'https://app.example.evil']) {
    expect((await call({ body, headers: { origin } })).status, origin).toBe(403);
  }
  const headers = { origin: 'https://app.example' };
  const allowed = await call({ body, headers });
  expect(allowed.status).toBe(200);
  expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example');
  const preflight = await call({
    method: 'OPTIONS',
    headers: { ...headers, authorization: undefined },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers['access-control-allow-headers']).toContain('Authorization');
});

test('a page may send whatever a revision asks of it, and read what it is told', async () => {
  const { call } = await startBridge({ origins: ['https://app.example'] });
  const preflight = await call({
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      authorization: undefined,
      'access-control-request-headers':
        'authorization,mcp-method,mcp-name, Mcp-Param-Region,mcp-param-x_y,x-other,mcp-param-,mcp-param-a b',
    },
  });
  const allowed = String(preflight.headers['access-control-allow-headers']).split(', ');
  expect(allowed).toEqual(expect.arrayContaining(['Mcp-Method', 'Mcp-Name']));
  expect(allowed.filter((name) => /param|other/i.test(name))).toEqual([
    'Mcp-Param-Region',
    'mcp-param-x_y',
  ]);
  const answer = await call({ body, headers: { origin: 'https://app.example' } });
  expect(answer.headers['access-control-expose-headers']).toContain('Retry-After');
});
