import { expect, test } from 'vitest';
import { initialize, startBridge } from './harness.ts';
import { ask, metaKey, revision, stateless, tool, type Ask } from './modern-client.ts';

const list = { method: 'tools/list' };
const echo = tool('echo', { text: 'hi' });

interface Change extends Partial<Ask> {
  readonly body?: object;
}

test.each<[string, Change, number]>([
  ['no _meta', { body: { params: {} } }, -32602],
  ['no protocol version in it', { meta: { [metaKey('protocolVersion')]: undefined } }, -32602],
  ['no capabilities in it', { meta: { [metaKey('clientCapabilities')]: undefined } }, -32602],
  ['capabilities that are a list', { meta: { [metaKey('clientCapabilities')]: [] } }, -32602],
  ['a version that is a number', { meta: { [metaKey('protocolVersion')]: 1 } }, -32602],
  ['no version header', { headers: { 'mcp-protocol-version': undefined } }, -32020],
  ['another version in the header', { headers: { 'mcp-protocol-version': '2025-11-25' } }, -32020],
  ['no method header', { headers: { 'mcp-method': undefined } }, -32020],
  ['another method in the header', { headers: { 'mcp-method': 'tools/call' } }, -32020],
  ['a method in other letter case', { headers: { 'mcp-method': 'TOOLS/LIST' } }, -32020],
])('a request with %s is refused', async (_what, { body, ...change }, code) => {
  const bridge = await startBridge();
  const request = stateless({ ...list, id: 'seven', ...change });
  const message = JSON.parse(String(request.body)) as object;
  const answer = await bridge.call({ ...request, body: JSON.stringify({ ...message, ...body }) });
  expect([answer.status, answer.json.error?.code, answer.json.id]).toEqual([400, code, 'seven']);
});

test('a revision that nobody has is refused, with those that are spoken', async () => {
  const bridge = await startBridge();
  const answer = await ask(bridge, {
    ...list,
    meta: { [metaKey('protocolVersion')]: '2099-01-01' },
    headers: { 'mcp-protocol-version': '2099-01-01' },
  });
  expect(answer.status).toBe(400);
  expect(answer.json.error).toMatchObject({
    code: -32022,
    data: { supported: [revision], requested: '2099-01-01' },
  });
});

test.each([
  ['missing', undefined],
  ['another', 'hold'],
  ['of a broken encoding', '=?base64?ZWNobw?='],
  ['no UTF-8 when decoded', '=?base64?/w==?='],
])('a tool’s name in the header that is %s is refused', async (_what, name) => {
  const bridge = await startBridge();
  const answer = await ask(bridge, { ...echo, headers: { 'mcp-name': name } });
  expect([answer.status, answer.json.error?.code]).toEqual([400, -32020]);
});

test('a name that no header can hold comes encoded', async () => {
  const bridge = await startBridge();
  const name = 'grüße 世界';
  const encoded = `=?base64?${Buffer.from(name).toString('base64')}?=`;
  const answer = await ask(bridge, { ...tool(name), headers: { 'mcp-name': encoded } });
  expect(answer.json.error?.message).toBe('unknown tool');
});

test('two members of one name are refused: another parser might read the other', async () => {
  const bridge = await startBridge();
  const request = stateless(echo);
  const body = String(request.body).replace('"name":"echo"', '"name":"exit","name":"echo"');
  const answer = await bridge.call({ ...request, body });
  expect([answer.status, answer.json.error?.code]).toEqual([400, -32602]);
});

test('an array of requests is refused', async () => {
  const bridge = await startBridge();
  const request = stateless(list);
  const answer = await bridge.call({ ...request, body: `[${String(request.body)}]` });
  expect([answer.status, answer.json.error?.code]).toEqual([400, -32600]);
});

test.each(['GET', 'DELETE'])('%s is not allowed', async (method) => {
  const bridge = await startBridge();
  const headers = { 'mcp-protocol-version': revision };
  const answer = await bridge.call({ method, headers });
  expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
});

test.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'no/such'])(
  '%s is no method of this revision',
  async (method) => {
    const bridge = await startBridge({ options: ['--picky'] });
    const answer = await ask(bridge, { method });
    expect([answer.status, answer.json.error?.code]).toEqual([404, -32601]);
  },
);

test('a token without the scope is refused as ever', async () => {
  const bridge = await startBridge();
  const token = await bridge.mint({ scope: 'tools:read' });
  const answer = await ask(bridge, { ...echo, headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(403);
});

test('session and event ids of other revisions are ignored, and none is given', async () => {
  const bridge = await startBridge();
  const headers = { 'mcp-session-id': 'of another', 'last-event-id': '7' };
  const answer = await ask(bridge, { ...list, headers });
  expect(answer.status).toBe(200);
  expect(answer.headers['mcp-session-id']).toBeUndefined();
});

test('clients of both eras are served at once', async () => {
  const bridge = await startBridge();
  const session = await bridge.open();
  const [one, other] = await Promise.all([
    bridge.tool(session, 'echo', { text: 'old' }),
    ask(bridge, echo),
  ]);
  expect(one.text).toContain('old');
  expect(other.text).toContain('hi');
});

test('an initialize whose header names a revision that has none is refused, and starts no server', async () => {
  const bridge = await startBridge();
  const answer = await bridge.call({
    body: JSON.stringify(initialize('2025-11-25')),
    headers: { 'mcp-protocol-version': revision },
  });
  expect([answer.status, answer.json.error?.code, answer.json.id]).toEqual([400, -32022, 0]);
  expect(bridge.log.filter((line) => line.includes('started'))).toEqual([]);
});
