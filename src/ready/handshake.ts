import { request } from 'node:http';

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** A short-lived token of this server's user. */
  readonly token: string;
}

/** What a handshake found. A refused connection or an unfinished start is `waiting`. */
export type Handshake =
  | { readonly state: 'ready'; readonly tools: number }
  | { readonly state: 'waiting'; readonly reason: string };

const protocolVersion = '2025-11-25';
const attemptMs = 10_000;

/** One MCP `initialize`, `tools/list` and session end, as a client would do them. Never throws. */
export async function handshake(endpoint: Endpoint, signal: AbortSignal): Promise<Handshake> {
  try {
    const initialize = await post(endpoint, signal, {
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion,
        capabilities: {},
        clientInfo: { name: 'mcpd', version: '1' },
      },
    });
    const { session } = initialize;
    if (!hasResult(initialize)) return waiting('initialize', initialize);
    await post(endpoint, signal, { method: 'notifications/initialized' }, session);
    const list = await post(endpoint, signal, { id: 2, method: 'tools/list' }, session);
    // A server that speaks HTTP itself may do without sessions.
    if (session !== undefined) await send(endpoint, signal, { method: 'DELETE', session });
    // A server without tools answers with "method not found", and is as ready.
    if (list.status !== 200) return waiting('tools/list', list);
    return { state: 'ready', tools: toolCount(list) };
  } catch (error) {
    return { state: 'waiting', reason: error instanceof Error ? error.message : String(error) };
  }
}

interface Answer {
  readonly status: number;
  readonly session: string | undefined;
  readonly body: string;
}

function hasResult(answer: Answer): boolean {
  return answer.status === 200 && message(answer)?.['result'] !== undefined;
}

function toolCount(answer: Answer): number {
  const result = message(answer)?.['result'] as { tools?: unknown[] } | undefined;
  return result?.tools?.length ?? 0;
}

function waiting(method: string, answer: Answer): Handshake {
  return {
    state: 'waiting',
    reason: `${method} answered ${answer.status} ${answer.body.slice(0, 200)}`,
  };
}

// The answer is JSON, or an event stream whose last event holds it.
function message({ body }: Answer): Record<string, unknown> | undefined {
  const lines = body.startsWith('{')
    ? [body]
    : body.split('\n').filter((l) => l.startsWith('data:'));
  const last = lines.at(-1)?.replace(/^data: ?/, '');
  try {
    return last ? (JSON.parse(last) as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function post(endpoint: Endpoint, signal: AbortSignal, payload: object, session?: string) {
  const body = JSON.stringify({ jsonrpc: '2.0', ...payload });
  return send(endpoint, signal, { method: 'POST', body, session });
}

interface Call {
  readonly method: string;
  readonly body?: string;
  readonly session: string | undefined;
}

function send({ host, port, token }: Endpoint, signal: AbortSignal, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host,
      port,
      path: '/mcp',
      method: call.method,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]),
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...(call.session === undefined
          ? {}
          : { 'mcp-session-id': call.session, 'mcp-protocol-version': protocolVersion }),
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('error', reject);
      response.on('end', () => {
        const session = response.headers['mcp-session-id'];
        resolve({
          status: response.statusCode ?? 0,
          session: typeof session === 'string' ? session : undefined,
          body,
        });
      });
    });
    outgoing.end(call.body);
  });
}
