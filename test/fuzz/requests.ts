import type { Random } from './random.ts';

/** What only a run knows. */
export interface Known {
  readonly host: string;
  readonly token: string;
  readonly session: string;
}

export type Header = readonly [name: string, value: string];

/** A request as bytes; header values are latin1. */
export function formatRequest(request: {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body?: Buffer;
}): Buffer {
  const { method, path, headers, body } = request;
  const length: Header[] = body ? [['Content-Length', String(body.length)]] : [];
  const lines = [...headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]);
}

/** Everything a good client sends. */
export function usualHeaders({ host, token, session }: Known): Header[] {
  return [
    ['Host', host],
    ['Authorization', `Bearer ${token}`],
    ['Accept', 'application/json, text/event-stream'],
    ['Content-Type', 'application/json'],
    ['Mcp-Session-Id', session],
  ];
}

const oddValues = [
  ['', ' ', 'null', '0', '-1', '__proto__', 'constructor', 'toString', '\x80\xff', 'a, b', ',,,'],
  ['*/*', '*', 'a'.repeat(5000), ';q=0', '"', 'é', 'Bearer', 'Bearer x', 'Basic YTpi', '\t'],
].flat();
const known: Readonly<Record<string, readonly string[]>> = {
  Accept: ['application/json', 'text/event-stream;q=0, */*', 'text/*, application/*', 'x/y'],
  'Content-Type': ['text/plain', 'application/json; charset=utf-7', 'multipart/form-data'],
  'Mcp-Protocol-Version': ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'],
  'Mcp-Method': ['tools/call', 'tools/list', 'ping', '=?base64?cGluZw==?='],
  'Mcp-Name': ['echo', '=?base64?!!!?='],
  'Last-Event-ID': ['0', '1', 'g1_0', '1_0', '99999999999999999999'],
  Origin: ['null', 'http://evil.example', 'http://127.0.0.1'],
  Host: ['evil.example', '127.0.0.1', 'localhost:1', '[::1]'],
  Authorization: ['Bearer a.b.c', `Bearer ${'x'.repeat(9000)}`, 'bearer', 'Basic x'],
  'Mcp-Session-Id': ['nobody', 'x'.repeat(4000)],
  Expect: ['100-continue'],
  Upgrade: ['websocket', 'h2c'],
  Connection: ['close', 'keep-alive', 'Upgrade', 'Mcp-Session-Id'],
  Cookie: ['a=b', '__proto__=1'],
  'X-Forwarded-For': ['127.0.0.1'],
  'Content-Encoding': ['gzip'],
};

/** Some headers changed, lost, doubled or added; what frames the body stays. */
export function oddHeaders(usual: readonly Header[], random: Random): Header[] {
  const headers = [...usual];
  for (let times = random.below(4); times >= 0; times -= 1) {
    const at = random.below(headers.length);
    const [name] = headers[at] ?? ['X'];
    const added = random.pick(Object.keys(known));
    const value = random.pick(random.chance(0.5) ? oddValues : (known[added] ?? oddValues));
    const change = random.below(5);
    if (change === 0) headers.splice(at, 1);
    else if (change === 1) headers.splice(at, 1, [name, random.pick(known[name] ?? oddValues)]);
    else if (change === 2) headers.push([random.chance(0.5) ? name.toUpperCase() : name, value]);
    else headers.push([added, value]);
    if (headers.length === 0) return headers;
  }
  return headers;
}
