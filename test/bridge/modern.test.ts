import { expect, test } from 'vitest';
import { startBridge, type JsonRpc, type TestBridge } from './harness.ts';

const revision = '2026-07-28';
const prefix = 'io.modelcontextprotocol/';

function meta(capabilities: object = {}): Record<string, unknown> {
  return { [`${prefix}protocolVersion`]: revision, [`${prefix}clientCapabilities`]: capabilities };
}

interface Ask {
  readonly method: string;
  readonly params?: Record<string, unknown>;
  readonly capabilities?: object;
  readonly headers?: Record<string, string | undefined>;
}

let ids = 0;

async function ask({ call }: TestBridge, { method, params = {}, capabilities, headers }: Ask) {
  ids += 1;
  const { _meta: own, ...others } = params;
  const message = {
    jsonrpc: '2.0',
    id: ids,
    method,
    params: { ...others, _meta: { ...meta(capabilities), ...(own as object) } },
  };
  const name = params['name'] ?? params['uri'];
  return call({
    body: JSON.stringify(message),
    headers: {
      'mcp-protocol-version': revision,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...headers,
    },
  });
}

test('discover', async () => {
  const bridge = await startBridge();
  const answer = await ask(bridge, { method: 'server/discover' });
  console.log(answer.status, answer.text);
  const list = await ask(bridge, { method: 'tools/list' });
  console.log(list.status, list.text.slice(0, 300));
  const echo = await ask(bridge, { method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } });
  console.log(echo.status, echo.text);
  console.log(bridge.log);
  expect(answer.status).toBe(200);
});
