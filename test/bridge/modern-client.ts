import type { Answer, CallOptions, TestBridge, TestStream } from './harness.ts';

export const revision = '2026-07-28';
const prefix = 'io.modelcontextprotocol/';

export interface Ask {
  readonly method: string;
  readonly id?: string | number;
  readonly params?: Record<string, unknown>;
  readonly meta?: Record<string, unknown>;
  readonly capabilities?: object;
  readonly headers?: Record<string, string | undefined>;
}

/** A request of a client that keeps no session, as it goes over the wire. */
export function stateless({ method, id = 1, params = {}, ...rest }: Ask): CallOptions {
  const _meta = {
    [`${prefix}protocolVersion`]: revision,
    [`${prefix}clientCapabilities`]: rest.capabilities ?? {},
    ...rest.meta,
  };
  const name = params['name'] ?? params['uri'];
  return {
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta } }),
    headers: {
      'mcp-protocol-version': revision,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
      ...rest.headers,
    },
  };
}

export function ask({ call }: TestBridge, request: Ask): Promise<Answer> {
  return call(stateless(request));
}

/** The same, read as it comes. */
export function follow({ stream }: TestBridge, request: Ask): Promise<TestStream> {
  const { headers, ...options } = stateless(request);
  return stream('', { ...options, headers: { ...headers, 'mcp-session-id': undefined } });
}

/** Calls a tool of the fixture. */
export function tool(name: string, args: Record<string, unknown> = {}): Ask {
  return { method: 'tools/call', params: { name, arguments: args } };
}

export function metaKey(name: string): string {
  return prefix + name;
}
