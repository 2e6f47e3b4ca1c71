import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, startBridge, toolCall, until, type TestBridge } from './harness.ts';

async function connect(bridge: TestBridge, token?: string) {
  const authorization = `Bearer ${token ?? (await bridge.mint())}`;
  const transport = new StreamableHTTPClientTransport(new URL(bridge.url), {
    requestInit: { headers: { Authorization: authorization } },
  });
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { sampling: {}, roots: {} } },
  );
  // The SDK's own class does not satisfy its interface under exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  onTestFinished(() => client.close());
  return { client, transport };
}

function textOf(result: Awaited<ReturnType<Client['callTool']>>): string {
  return (result.content as { text: string }[])[0]?.text ?? '';
}

test('the official client connects, lists and calls tools, and ends its session', async () => {
  const bridge = await startBridge();
  const { client, transport } = await connect(bridge);
  expect(client.getServerVersion()).toEqual({ name: 'fixture', version: '1.0.0' });
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
  expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'ü\u2028' } }))).toBe(
    'ü\u2028',
  );
  await transport.terminateSession();
  await until(() => !isAlive(bridge.pid()));
});

test('the official client gets progress while it waits', async () => {
  const { client } = await connect(await startBridge());
  const seen: number[] = [];
  const call = { name: 'progress', arguments: { steps: 5 } };
  await client.callTool(call, undefined, {
    onprogress: ({ progress }) => void seen.push(progress),
  });
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

test('the official client answers what the server asks it', async () => {
  const { client } = await connect(await startBridge());
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }));
  const calls = [1, 2, 3].map(() => client.callTool({ name: 'sample' }));
  for (const result of await Promise.all(calls)) expect(textOf(result)).toContain('sampled');
});

test('the official client hears what the server says of its own accord', async () => {
  const { client } = await connect(await startBridge());
  let heard = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (heard += 1));
  await client.callTool({ name: 'changed', arguments: { times: 3 } });
  await until(() => heard >= 3);
  expect(heard).toBe(3);
});

test('the official client can cancel', async () => {
  const bridge = await startBridge();
  const { client } = await connect(bridge);
  const abort = new AbortController();
  const held = client.callTool({ name: 'hold' }, undefined, { signal: abort.signal });
  abort.abort('enough');
  await expect(held).rejects.toThrow('enough');
  const received = JSON.parse(textOf(await client.callTool({ name: 'received' }))) as string[];
  const last = Buffer.from(received.at(-2) ?? '', 'base64').toString();
  expect(last).toContain('notifications/cancelled');
});

test('the official client is told why its server crashed', async () => {
  const { client } = await connect(await startBridge());
  await expect(client.callTool({ name: 'crash' })).rejects.toThrow(
    /-32000: the MCP server exited with code 3; its last output: first line \| last words/,
  );
});

test('the official client comes back by itself when it is asked to or cut off, and misses nothing', async () => {
  const bridge = await startBridge({ bounds: { requestMs: 1e9 } });
  const { client, transport } = await connect(bridge);
  const session = transport.sessionId ?? '';
  const seen: number[] = [];
  const call = { name: 'hold', arguments: {} };
  const result = client.callTool(call, undefined, {
    onprogress: ({ progress }) => void seen.push(progress),
  });
  const received = async (): Promise<string> => {
    const answer = await bridge.rpc(session, toolCall(500, 'received'));
    const lines = JSON.parse(answer.json.result?.content?.[0]?.text ?? '[]') as string[];
    return lines.map((line) => Buffer.from(line, 'base64').toString()).join();
  };
  await until(async () => (await received()).includes('"hold"'));
  // The client takes its request ids as progress tokens; this is its second request.
  const say = async (progress: number): Promise<void> => {
    const params = { progressToken: 1, progress };
    const news = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params });
    const line = `${news}\n{"jsonrpc":"2.0","id":$ID,"result":{}}`;
    await bridge.rpc(session, toolCall(500, 'raw', { line }));
  };
  await say(1);
  await until(() => seen.length === 1);
  bridge.clock.advance(300_000);
  await say(2);
  await until(() => seen.length === 2);
  bridge.setLive([]);
  bridge.clock.advance(1);
  bridge.setLive(['t1']);
  await say(3);
  await bridge.rpc(session, toolCall(501, 'release'));
  expect(textOf(await result)).toBe('released');
  expect(seen).toEqual([1, 2, 3]);
});

test('the official client is refused with a bad token', async () => {
  const bridge = await startBridge();
  await expect(connect(bridge, await bridge.mint({ jti: 'gone' }))).rejects.toThrow(
    'a valid bearer token is needed',
  );
});

test('eight clients at once keep to themselves', async () => {
  const bridge = await startBridge();
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(bridge)));
  const texts = await Promise.all(
    clients.map(async ({ client }, index) => {
      const seen = new Set<string>();
      for (let turn = 0; turn < 20; turn += 1) {
        seen.add(textOf(await client.callTool({ name: 'echo', arguments: { text: `c${index}` } })));
      }
      return [...seen];
    }),
  );
  expect(texts).toEqual(Array.from({ length: 8 }, (_, index) => [`c${index}`]));
});
