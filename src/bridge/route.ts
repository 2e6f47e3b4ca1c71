import type { Envelope } from '../mcp/envelope.ts';
import type { RequestId } from '../mcp/jsonrpc.ts';

/** What routing knows of a request in flight. */
export interface InFlight {
  readonly method: string;
  readonly progressToken: RequestId | undefined;
  /** `isOpen` also while a client that lost its connection may come back. */
  readonly reply: { readonly isOpen: boolean; readonly isConnected: boolean };
}

/**
 * Which request in flight a server's notification or request belongs to; undefined sends it to the
 * GET stream. On stdio nothing but a progress token says so: with one request in flight whatever comes
 * is taken to belong to it, except news about the server itself. A request of the server goes where
 * somebody is listening.
 */
export function relatedRequest<Request extends InFlight>(
  message: Extract<Envelope, { method: string }>,
  { inFlight, progressToken, isHeard }: RouteContext<Request>,
): Request | undefined {
  if (message.method === 'notifications/progress') {
    return inFlight.find((one) => one.progressToken === progressToken && one.reply.isOpen);
  }
  const open = inFlight.filter(({ method, reply }) => reply.isOpen && method !== 'initialize');
  if (message.kind === 'request') {
    const listening = open.findLast(({ reply }) => reply.isConnected);
    if (isHeard && (open.length > 1 || !listening)) return undefined;
    return listening ?? open.at(-1);
  }
  return open.length === 1 && !isNews(message.method) ? open[0] : undefined;
}

interface RouteContext<Request> {
  readonly inFlight: readonly Request[];
  /** Of a progress notification. */
  readonly progressToken: RequestId | undefined;
  /** A GET stream is open. */
  readonly isHeard: boolean;
}

function isNews(method: string): boolean {
  return method.endsWith('/list_changed') || method === 'notifications/resources/updated';
}
