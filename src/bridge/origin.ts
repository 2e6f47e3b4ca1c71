import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendText } from './answer.ts';

export interface Doors {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

/**
 * Why a request may not come in: a foreign `Host` (DNS rebinding) or a foreign `Origin` (a web page).
 * Programs send no `Origin` and pass.
 */
export function foreignHeader(
  { headers }: Pick<IncomingMessage, 'headers'>,
  { hosts, origins }: Doors,
): 'Host' | 'Origin' | undefined {
  if (!hosts.has((headers.host ?? '').toLowerCase())) return 'Host';
  if (headers.origin !== undefined && !origins.has(headers.origin)) return 'Origin';
  return undefined;
}

const readable = 'Mcp-Session-Id, WWW-Authenticate, Retry-After';

/** Lets a page of an allowed origin read what it asked for. */
export function exposeToOrigin(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.origin === undefined) return;
  response.setHeader('Access-Control-Allow-Origin', request.headers.origin);
  response.setHeader('Access-Control-Expose-Headers', readable);
  response.setHeader('Vary', 'Origin');
}

const usual = [
  'Authorization',
  'Content-Type',
  'Accept',
  'Mcp-Session-Id',
  'Mcp-Protocol-Version',
  'Last-Event-ID',
  'Mcp-Method',
  'Mcp-Name',
];

/** Answers the question a browser asks before the request itself. */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const asked = headers['access-control-request-headers']?.split(',') ?? [];
  // A server names these, each tool its own.
  const parameters = asked.map((name) => name.trim()).filter((name) => parameter.test(name));
  sendText(response, 204, '', {
    'Access-Control-Allow-Methods': 'GET, POST, DELETE',
    'Access-Control-Allow-Headers': [...usual, ...parameters].join(', '),
    'Access-Control-Max-Age': '600',
  });
}

/** Behind the prefix any name of a header (RFC 9110, 5.6.2). */
const parameter = /^mcp-param-[\w!#$%&'*+.^`|~-]+$/i;
