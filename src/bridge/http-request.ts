import type { IncomingMessage } from 'node:http';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { modernHeaders } from '../mcp/modern.ts';
import type { Refusal } from './answer.ts';
import { checkModern, isModern, mismatch } from './modern/check.ts';
import { accepts } from './negotiation.ts';
import { readMessages, type Posted } from './post.ts';
import { busy, idOf, notStreamable } from './refusals.ts';
import type { Startups } from './startups.ts';

/** Reads and checks what a client asks; a GET or DELETE has no messages. */
export async function readRequest(
  request: IncomingMessage,
  context: Parameters<typeof readMessages>[1],
): Promise<Posted | Refusal | 'gone'> {
  const { method, headers } = request;
  if (method !== 'POST') {
    const isRead = method === 'DELETE' || accepts(headers.accept, 'text/event-stream');
    return isRead ? { body: Buffer.alloc(0), messages: [], isBatch: false } : notStreamable;
  }
  const posted = await readMessages(request, context, (messages) => messages);
  if (posted === 'gone' || 'failure' in posted) return posted;
  if (isModern(headers, posted)) return checkModern(headers, posted) ?? posted;
  const named = headers[modernHeaders.method];
  const isNamed = posted.messages.every(
    ({ envelope }) =>
      named === undefined || (envelope.kind !== 'response' && envelope.method === named),
  );
  // A server may go by the header; the token's scopes were checked by the body.
  return isNamed ? posted : { ...mismatch('Mcp-Method'), idText: idOf(posted.messages) };
}

/** No server runs that could be asked. */
export function unavailable(why: 'broken' | 'closing', startups: Startups): Refusal {
  if (why === 'closing') return busy(503, 'the bridge is shutting down');
  const seconds = Math.ceil(startups.pauseMs() / 1000);
  const text = `the MCP server keeps failing (${startups.reason}); next try in ${seconds} s`;
  return busy(503, text, undefined, seconds);
}

/** What makes a client start a new session. */
export function unknownSession(idText: string | undefined): Refusal {
  const message = 'this session has ended or never was';
  return { status: 404, failure: { code: rpcCodes.sessionNotFound, message }, idText };
}

/** What stays open without a word: a GET stream, or how clients without sessions listen. */
export function mayBeSilent({ messages }: Posted): boolean {
  return messages.every(
    ({ envelope }) => envelope.kind === 'request' && envelope.method === 'subscriptions/listen',
  );
}
