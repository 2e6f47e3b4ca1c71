import { describe, expect, test } from 'vitest';
import type { BridgePolicy, Exposure } from '../../src/policy/bridge-policy.ts';
import { startPolicyBridge } from './policy-bridge.ts';
import { toolCall, until, type Answer, type JsonRpc, type TestBridge } from './harness.ts';
import { ask, follow } from './modern-client.ts';

const only = (...allow: string[]): Exposure => ({ allow, deny: [], most: null });
const most = (count: number): Exposure => ({ allow: null, deny: [], most: count });

interface Client {
  request(method: string, params?: Record<string, unknown>): Promise<Answer>;
}

/** What a whole list says, page by page. */
async function listAll(client: Client, method: string, field: string): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: unknown;
  do {
    const { json, events } = await client.request(method, cursor === undefined ? {} : { cursor });
    const result = (events[0] ?? json).result ?? {};
    const items = result[field] as { name: string }[];
    pages.push(items.map(({ name }) => name));
    cursor = result['nextCursor'];
  } while (cursor !== undefined);
  return pages;
}

async function inSession(bridge: TestBridge): Promise<Client> {
  const session = await bridge.open();
  let id = 0;
  return { request: (method, params = {}) => bridge.rpc(session, { id: ++id, method, params }) };
}

function withoutSession(bridge: TestBridge): Client {
  return { request: (method, params = {}) => ask(bridge, { method, params }) };
}

const kinds = [
  ['a session', {}, inSession],
  ['a session of a shared server', { server: { sessions: 'shared' as const } }, inSession],
  ['a server that is translated for clients without sessions', {}, withoutSession],
  ['a server without sessions', { options: ['--modern'] }, withoutSession],
  ['an HTTP server', { isHttp: true }, inSession],
  [
    'an HTTP server that answers with event streams',
    { isHttp: true, options: ['--events'] },
    inSession,
  ],
  ['an HTTP server without sessions', { isHttp: true, options: ['--modern'] }, withoutSession],
] as const;

describe.each(kinds)('%s', (_, setup, connect) => {
  const start = async (policy: Partial<BridgePolicy>) => {
    const bridge = await startPolicyBridge({ ...setup, policy });
    return { bridge, client: await connect(bridge) };
  };

  test('lists what is allowed, and nothing else, with its pages as they are', async () => {
    const { client } = await start({
      tools: { allow: ['*'], deny: ['write-*', 'hold'], most: null },
      prompts: only('t*'),
      resources: only('doc:///a', 'doc:///{id}'),
    });
    expect(await listAll(client, 'tools/list', 'tools')).toEqual([
      ['whoami', 'read-a'],
      ['read-b'],
      ['release'],
      ['called'],
    ]);
    expect(await listAll(client, 'prompts/list', 'prompts')).toEqual([['two'], ['three']]);
    expect(await listAll(client, 'resources/list', 'resources')).toEqual([['a'], []]);
    expect(await listAll(client, 'resources/templates/list', 'resourceTemplates')).toEqual([['t']]);
  });

  test('a call of what is hidden is refused as an unknown name, and does not reach the server', async () => {
    const { client } = await start({
      tools: { allow: null, deny: ['write-*'], most: null },
      prompts: only(),
      resources: only('doc:///a'),
    });
    const error = async (method: string, params: Record<string, unknown>) => {
      const { status, json } = await client.request(method, params);
      return [status, json.error?.message];
    };
    expect(await error('tools/call', { name: 'write-a' })).toEqual([
      200,
      'tool write-a is not available',
    ]);
    expect(await error('prompts/get', { name: 'one' })).toEqual([
      200,
      'prompt one is not available',
    ]);
    expect(await error('resources/read', { uri: 'doc:///b' })).toEqual([
      200,
      'resource doc:///b is not available',
    ]);
    expect(
      await error('completion/complete', { ref: { type: 'ref/prompt', name: 'one' } }),
    ).toEqual([200, 'prompt one is not available']);
    const said = await client.request('tools/call', { name: 'called' });
    const text = (said.events[0] ?? said.json).result?.content?.[0]?.text ?? '';
    expect(JSON.parse(text)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/write-a|one|doc/)]),
    );
    expect((await client.request('resources/read', { uri: 'doc:///a' })).text).toContain(
      'resources/read doc:///a',
    );
  });

  test('a maximum counts over the pages, and only what was shown can be called', async () => {
    const { client } = await start({ tools: { ...most(3), deny: ['read-a'] } });
    const pages = [['whoami'], ['read-b', 'write-a'], [], []];
    expect(await listAll(client, 'tools/list', 'tools')).toEqual(pages);
    expect(await listAll(client, 'tools/list', 'tools')).toEqual(pages);
    const codes = ['read-b', 'write-a', 'read-a', 'hold', 'called'].map(async (name) => {
      const { json } = await client.request('tools/call', { name });
      return json.error?.code;
    });
    expect(await Promise.all(codes)).toEqual([undefined, undefined, -32602, -32602, -32602]);
  });

  test('a client that has listed nothing may use the first so many, on whichever page, and nothing else', async () => {
    const { client } = await start({
      tools: { ...most(3), deny: ['read-a'] },
      prompts: most(1),
      resources: { ...most(1), deny: ['doc:///c'] },
    });
    const use = async (method: string, params: Record<string, unknown>) => {
      const { json, events } = await client.request(method, params);
      return (events[0] ?? json).error?.message ?? 'used';
    };
    const call = (name: string) => use('tools/call', { name });
    expect(await Promise.all(['write-a', 'whoami', 'hold', 'read-a', 'none'].map(call))).toEqual([
      'used',
      'used',
      'tool hold is not available',
      'tool read-a is not available',
      'tool none is not available',
    ]);
    expect(await use('prompts/get', { name: 'one' })).toBe('used');
    expect(await use('prompts/get', { name: 'two' })).toBe('prompt two is not available');
    const uris = ['doc:///a', 'doc:///any', 'doc:///c', 'raw:///a'];
    expect(await Promise.all(uris.map((uri) => use('resources/read', { uri })))).toEqual([
      'used',
      'used',
      'resource doc:///c is not available',
      'resource raw:///a is not available',
    ]);
  });

  test('a maximum of prompts is one of its own', async () => {
    const { client } = await start({ prompts: most(1) });
    expect(await listAll(client, 'prompts/list', 'prompts')).toEqual([['one'], []]);
    const codes = ['one', 'two'].map(async (name) => {
      const { json } = await client.request('prompts/get', { name });
      return json.error?.code;
    });
    expect(await Promise.all(codes)).toEqual([undefined, -32602]);
    expect((await listAll(client, 'tools/list', 'tools')).flat()).toHaveLength(7);
  });
});

describe('the bridge’s own look at what a server has', () => {
  const isAsked = { server: { sessions: 'shared' as const } };
  const countLists = async (bridge: TestBridge, session: string): Promise<number> => {
    const { json } = await bridge.tool(session, 'called');
    const said = JSON.parse(json.result?.content?.[0]?.text ?? '') as string[];
    return said.filter((method) => method === 'tools/list').length;
  };

  test('is taken once for all who ask at once, and again after a while for a name that is not known', async () => {
    const bridge = await startPolicyBridge({ ...isAsked, policy: { tools: most(7) } });
    const session = await bridge.open();
    const codes = async () => {
      const calls = ['called', 'none', 'nor-this'].map((name) => bridge.tool(session, name));
      return (await Promise.all(calls)).map(({ json }) => json.error?.code);
    };
    expect(await codes()).toEqual([undefined, -32602, -32602]);
    // A list of four pages.
    expect(await countLists(bridge, session)).toBe(4);
    expect(await codes()).toEqual([undefined, -32602, -32602]);
    expect(await countLists(bridge, session)).toBe(4);
    bridge.clock.advance(10_000);
    expect(await codes()).toEqual([undefined, -32602, -32602]);
    expect(await countLists(bridge, session)).toBe(8);
  });

  test('ends after a thousand pages of a list that never does', async () => {
    const setup = { ...isAsked, options: ['--endless'], policy: { tools: most(7) } };
    const bridge = await startPolicyBridge(setup);
    const session = await bridge.open();
    expect((await bridge.tool(session, 'none')).json.error?.code).toBe(-32602);
    expect(await countLists(bridge, session)).toBe(1_000);
  });

  test('is taken again when more may be used than before', async () => {
    const bridge = await startPolicyBridge({ policy: { tools: most(1) } });
    const session = await bridge.open();
    expect((await bridge.tool(session, 'read-b')).json.error?.code).toBe(-32602);
    bridge.setPolicy({ tools: most(3) });
    expect((await bridge.tool(session, 'read-b')).json.result).toBeDefined();
    bridge.setPolicy({ tools: most(2) });
    expect((await bridge.tool(session, 'read-b')).json.error?.code).toBe(-32602);
  });

  test('needs no right of the client to list, and is not on the client’s record', async () => {
    const bridge = await startPolicyBridge({ policy: { tools: most(1) } });
    const caller = await bridge.mint({ scope: 'tools:call' });
    const headers = { authorization: `Bearer ${caller}` };
    const session = await bridge.open('2025-11-25', caller);
    const { json } = await bridge.rpc(session, toolCall(1, 'whoami'), { headers });
    expect(json.result).toBeDefined();
    expect(bridge.audit().map(({ method }) => method)).toEqual(['initialize', 'tools/call']);
  });

  test('exposes nothing where no server answers', async () => {
    const argv = [process.execPath, '-e', ''];
    const bridge = await startPolicyBridge({ server: { argv }, policy: { tools: most(1) } });
    const { json } = await bridge.call({ body: JSON.stringify(toolCall(1, 'whoami')) });
    expect(json.error?.message).toBe('tool whoami is not available');
  });
});

test('what stays of a list keeps its bytes', async () => {
  const bridge = await startPolicyBridge({ policy: { tools: only('read-a') } });
  const session = await bridge.open();
  const { text } = await bridge.rpc(session, { id: 'x', method: 'tools/list' });
  expect(text).toBe(
    '{"jsonrpc":"2.0","id":"x","result":{ "tools" : [ { "name" : "read-a", "title":"\\u00e9 ü" } ], "nextCursor":"2" }}',
  );
});

test.each([
  ['translated', []],
  ['without sessions itself', ['--modern']],
])(
  'a filtered list may be kept by nobody else, and not at all: a server %s',
  async (_, options) => {
    const bridge = await startPolicyBridge({ options, policy: { tools: only('read-a') } });
    const { json } = await ask(bridge, { method: 'tools/list' });
    expect(json.result).toMatchObject({ ttlMs: 0, cacheScope: 'private', nextCursor: '2' });
    const other = await ask(bridge, { method: 'prompts/list' });
    expect(other.json.result?.['cacheScope']).toBe(options.length > 0 ? 'public' : 'private');
  },
);

test('a list that comes again on a stream that goes on is filtered too', async () => {
  const bridge = await startPolicyBridge({ isHttp: true, policy: { tools: only('read-a') } });
  const session = await bridge.open();
  const stream = await bridge.stream(session, { headers: { 'last-event-id': '8' } });
  const [event] = await stream.events(1);
  expect((JSON.parse(event?.data ?? '') as JsonRpc).result?.['tools']).toEqual([
    expect.objectContaining({ name: 'read-a' }),
  ]);
  stream.destroy();
});

test('two members that could both be the name are refused, as is a name that is none', async () => {
  const bridge = await startPolicyBridge({ policy: { tools: only('read-*') } });
  const session = await bridge.open();
  const call = (params: string) =>
    bridge.rpc(
      session,
      {},
      { body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}` },
    );
  for (const params of [
    '{"name":"write-a","name":"read-a"}',
    '{"NAME":"write-a","name":"read-a"}',
    '{"name":["read-a"]}',
    '{}',
  ]) {
    expect((await call(params)).json.error?.message, params).toMatch(/is not available/);
  }
  expect((await call('{"name":"read-a"}')).json.result).toBeDefined();
});

test('a notification of a hidden tool is not passed on, and a batch with one is refused whole', async () => {
  const bridge = await startPolicyBridge({
    policy: { tools: { allow: null, deny: ['write-*'], most: null } },
  });
  const session = await bridge.open('2025-03-26');
  const params = { name: 'write-a' };
  expect((await bridge.rpc(session, { method: 'tools/call', params })).status).toBe(400);
  const batch = JSON.stringify([
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read-a' } },
    { jsonrpc: '2.0', id: 2, method: 'tools/call', params },
  ]);
  expect((await bridge.rpc(session, {}, { body: batch })).status).toBe(400);
  const called = await bridge.tool(session, 'called');
  expect(called.text).not.toMatch(/write-a|read-a/);
});

test('each answer of a batch is filtered by its own cursor', async () => {
  const bridge = await startPolicyBridge({ policy: { tools: most(3) } });
  const session = await bridge.open('2025-03-26');
  await bridge.rpc(session, { id: 0, method: 'tools/list' });
  const body = JSON.stringify([
    { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: '2' } },
    { jsonrpc: '2.0', id: 2, method: 'tools/list' },
  ]);
  const { json } = await bridge.rpc(session, {}, { body });
  const answers = json as unknown as JsonRpc[];
  const names = new Map(
    answers.map(({ id, result }) => [
      id,
      (result?.['tools'] as { name: string }[] | undefined)?.map(({ name }) => name),
    ]),
  );
  expect(names.get(1)).toEqual(['read-b']);
  expect(names.get(2)).toEqual(['whoami', 'read-a']);
});

describe('a policy that changes', () => {
  test('holds from the next request on in a session that is open, whose client hears of it', async () => {
    const bridge = await startPolicyBridge();
    const session = await bridge.open();
    const stream = await bridge.stream(session);
    expect((await bridge.tool(session, 'read-a')).json.result).toBeDefined();
    bridge.setPolicy({ tools: only('read-b'), prompts: only() });
    expect((await bridge.tool(session, 'read-a')).json.error?.code).toBe(-32602);
    bridge.bridge.sweep();
    const methods = (await stream.events(2)).map(
      ({ data }) => (JSON.parse(data) as JsonRpc).method,
    );
    expect(methods).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
    ]);
    expect((await bridge.tool(session, 'read-b')).json.result).toBeDefined();
    stream.destroy();
  });

  test('is told within a second without a request', async () => {
    const bridge = await startPolicyBridge();
    const stream = await bridge.stream(await bridge.open());
    const before = performance.now();
    bridge.setPolicy({ tools: only() });
    await stream.events(1);
    expect(performance.now() - before).toBeLessThan(2_000);
    stream.destroy();
  });

  test('is not told where the server has not declared it', async () => {
    const bridge = await startPolicyBridge({ options: ['--quiet'] });
    const session = await bridge.open();
    const stream = await bridge.stream(session);
    bridge.setPolicy({ tools: only() });
    bridge.bridge.sweep();
    bridge.clock.advance(20_000);
    await until(() => stream.text().includes(':'));
    expect(stream.text()).not.toContain('list_changed');
    stream.destroy();
  });

  test.each([
    ['translated', []],
    ['without sessions itself', ['--modern']],
  ])(
    'is told to subscribers of a server %s, by the name of their subscription',
    async (_, options) => {
      const bridge = await startPolicyBridge({ options });
      const notifications = { toolsListChanged: true };
      const stream = await follow(bridge, {
        id: 'sub',
        method: 'subscriptions/listen',
        params: { notifications },
      });
      await stream.events(1);
      bridge.setPolicy({ tools: only(), prompts: only() });
      bridge.bridge.sweep();
      const events = await stream.events(2);
      expect(events).toHaveLength(2);
      const { method, params } = JSON.parse(events[1]?.data ?? '') as JsonRpc;
      expect(method).toBe('notifications/tools/list_changed');
      expect(params?.['_meta']).toEqual({ 'io.modelcontextprotocol/subscriptionId': 'sub' });
      stream.destroy();
    },
  );

  test('is told on the newest stream of a session of an HTTP server, between its events', async () => {
    const bridge = await startPolicyBridge({ isHttp: true });
    const session = await bridge.open();
    const old = await bridge.stream(session);
    const stream = await bridge.stream(session);
    await until(() => stream.text() !== '');
    bridge.setPolicy({ tools: only() });
    bridge.bridge.sweep();
    expect((await stream.events(1))[0]?.data).toContain('notifications/tools/list_changed');
    expect(old.text()).not.toContain('list_changed');
    old.destroy();
    stream.destroy();
  });

  test('exposes nothing when it cannot be read any more', async () => {
    const bridge = await startPolicyBridge({ policy: {} });
    const session = await bridge.open();
    expect((await bridge.tool(session, 'read-a')).json.result).toBeDefined();
    bridge.setPolicy({ tools: 'all' as unknown as Exposure });
    expect((await bridge.tool(session, 'read-a')).json.error?.message).toBe(
      'tool read-a is not available',
    );
    expect(
      (await bridge.rpc(session, { id: 1, method: 'tools/list' })).json.result?.['tools'],
    ).toEqual([]);
  });
});
