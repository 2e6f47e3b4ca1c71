import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { expect, onTestFinished, test } from 'vitest';
import { initialize, isAlive, startBridge, until, type Setup, type TestBridge } from './harness.ts';

// A server that knows no sessions, and clients that do.

const fixture = new URL('../fixtures/modern-only-server.mjs', import.meta.url).pathname;

function startModernOnly(options: string[] = [], setup: Setup = {}): Promise<TestBridge> {
  return startBridge({ ...setup, server: { argv: [process.execPath, fixture, ...options] } });
}

async function connectOld(bridge: TestBridge): Promise<void> {
  const transport = new StreamableHTTPClientTransport(new URL(bridge.url), {
    requestInit: { headers: { Authorization: `Bearer ${await bridge.mint()}` } },
  });
  const client = new Client({ name: 'test', version: '1' });
  onTestFinished(() => client.close());
  // The SDK's own class does not satisfy its interface under exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
}

async function untilNothingIsLeft(bridge: TestBridge): Promise<void> {
  await until(() => bridge.log.some((line) => line.startsWith('session 1: ended')));
  expect(isAlive(bridge.pid())).toBe(false);
}

test('the official client that needs a session gets the server’s own refusal, and leaves nothing', async () => {
  const bridge = await startModernOnly();
  await expect(connectOld(bridge)).rejects.toThrow(/-32022: Unsupported protocol version/);
  await untilNothingIsLeft(bridge);
});

test('the refusal names what the server speaks, and no session', async () => {
  const bridge = await startModernOnly();
  const answer = await bridge.call({ body: JSON.stringify(initialize('2025-11-25')) });
  expect(answer.headers['mcp-session-id']).toBeUndefined();
  expect(answer.json.error?.data).toMatchObject({ supported: ['2026-07-28'] });
  await untilNothingIsLeft(bridge);
});

test('a server that says nothing to a client with sessions is ended, and the client told so', async () => {
  const bridge = await startModernOnly(['--mute'], { bounds: { initializeMs: 5_000 } });
  const refused = connectOld(bridge);
  const seen = expect(refused).rejects.toThrow('the MCP server did not answer');
  await until(() => bridge.log.some((line) => line.startsWith('session 1: started')));
  bridge.clock.advance(5_000);
  await seen;
  await untilNothingIsLeft(bridge);
});

test('the official client that finds the revision out by itself is served, also after another was refused', async () => {
  const bridge = await startModernOnly();
  await expect(connectOld(bridge)).rejects.toThrow(/-32022/);
  const client = new NewClient(
    { name: 'test', version: '1' },
    { capabilities: {}, versionNegotiation: { mode: 'auto' } },
  );
  onTestFinished(() => client.close());
  await client.connect(
    new NewTransport(new URL(bridge.url), {
      requestInit: { headers: { Authorization: `Bearer ${await bridge.mint()}` } },
    }),
  );
  expect(client.getNegotiatedProtocolVersion()).toBe('2026-07-28');
  const result = await client.callTool({ name: 'greet', arguments: {} });
  expect(result.content).toEqual([{ type: 'text', text: 'hello' }]);
});
