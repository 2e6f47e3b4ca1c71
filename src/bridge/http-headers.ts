import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderValues } from './answer.ts';
import { eventStreamHeaders } from './sse.ts';

const passedOn = new Set(['accept', 'content-type', 'last-event-id']);
const passedBack = new Set(['content-type', 'content-length', 'content-encoding', 'retry-after']);
/** No underscore: some servers read it as a dash, and would see two headers where the bridge checked one. */
const ofTheProtocol = /^mcp-[a-z0-9-]+$/;

/** What a server gets to see of a client's headers: no credentials, and nothing about the way the request came. */
export function headersForServer(headers: IncomingHttpHeaders): Record<string, string> {
  return pick(headers, passedOn);
}

/** What a client gets to see of its server's headers. */
export function headersForClient(headers: IncomingHttpHeaders): HeaderValues {
  const added = isEventStream(headers) ? eventStreamHeaders : { 'Cache-Control': 'no-store' };
  // Two spellings of one name would be two headers.
  const { 'content-type': type, ...picked } = pick(headers, passedBack);
  return { ...picked, ...added, ...(type === undefined ? {} : { 'Content-Type': type }) };
}

/** An event stream that can be read, and so be added to. */
export function isEventStream(headers: IncomingHttpHeaders): boolean {
  const [type = ''] = (headers['content-type'] ?? '').split(';', 1);
  const isPlain = headers['content-encoding'] === undefined;
  return isPlain && type.trim().toLowerCase() === 'text/event-stream';
}

function pick(headers: IncomingHttpHeaders, names: ReadonlySet<string>): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isWanted = names.has(name) || ofTheProtocol.test(name);
    if (isWanted && typeof value === 'string') picked[name] = value;
  }
  return picked;
}
