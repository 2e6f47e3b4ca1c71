import { hash, randomUUID } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import type { Target } from './target.ts';

/** A client that does everything right, and expects the same. */
export interface GoodClient {
  /** Opens a session for inputs to use. */
  open(): Promise<string>;
  /** Opens a session, calls, ends it; undefined when all of it went well. */
  check(): Promise<string | undefined>;
}

export function goodClient({ port, token }: Target): GoodClient {
  const url = `http://127.0.0.1:${port}/mcp`;
  const request = (body: string | undefined, session?: string): Promise<Response> =>
    fetch(url, {
      method: body === undefined ? 'DELETE' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...(session === undefined ? {} : { 'mcp-session-id': session }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(20_000),
    });
  /** Tries again while it is told to: others' sessions may still be starting. */
  const open = async (triesLeft = 100): Promise<string> => {
    const answer = await request(initialize);
    const session = answer.headers.get('mcp-session-id');
    const text = await answer.text();
    if (answer.status === 503 && answer.headers.has('retry-after') && triesLeft > 0) {
      await after(100);
      return open(triesLeft - 1);
    }
    if (session === null) throw new Error(`no session: ${answer.status} ${text}`);
    return session;
  };
  return {
    open,
    check: async () => {
      try {
        const session = await open();
        const params = { text: `${randomUUID()} \u2028 👨‍👩‍👧 ${'x'.repeat(50_000)}` };
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
        const answer = await (await request(body, session)).text();
        const isRight = answer.includes(hash('sha256', body, 'base64url'));
        const { status } = await request(undefined, session);
        return isRight && status === 204
          ? undefined
          : `a good client got ${answer}, then ${status}`;
      } catch (error) {
        return `a good client failed: ${String(error)}`;
      }
    },
  };
}

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'good', version: '1' },
  },
});
