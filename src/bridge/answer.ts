import type { ServerResponse } from 'node:http';
import { formatFailure, type RpcFailure } from '../mcp/jsonrpc.ts';
import { trailOf } from './records/trail.ts';

export type HeaderValues = Readonly<Record<string, string>>;

/** Up to this a copy is cheaper than a second piece to write. */
const smallBytes = 8192;

/** Answers with a whole JSON text. */
export function sendJson(
  response: ServerResponse,
  { status, json, headers }: { status: number; json: Buffer; headers?: HeaderValues },
): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': json.length,
    'Cache-Control': 'no-store',
    ...headers,
  });
  // Node puts head and body into one write when the body is a string; in Latin-1 each byte is a character.
  if (json.length <= smallBytes) response.end(json.toString('latin1'), 'latin1');
  else response.end(json);
}

export interface Refusal {
  readonly status: number;
  readonly failure: RpcFailure;
  readonly headers?: HeaderValues;
  /** The id of the refused request, as it was written. */
  readonly idText?: string | undefined;
}

/** Answers with a JSON-RPC error, which is what MCP clients show to their users. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  const { status, failure, headers = {}, idText } = refusal;
  const json = formatFailure(idText, failure);
  trailOf(response)?.refused(failure.code, json.length);
  sendJson(response, { status, json, headers });
}

/** Answers with a short text or nothing; 204 says no length, since it never has a body (RFC 9110, 8.6). */
export function sendText(
  response: ServerResponse,
  status: number,
  text = '',
  headers: HeaderValues = {},
): void {
  const type = text === '' ? {} : { 'Content-Type': 'text/plain' };
  const length = status === 204 ? {} : { 'Content-Length': text.length };
  response.writeHead(status, { ...type, ...length, ...headers });
  response.end(text);
}
