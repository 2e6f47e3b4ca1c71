import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { rpcCodes } from '../mcp/jsonrpc.ts';
import { createServer } from './builtins.ts';
import { refuse, sendJson, sendText } from './answer.ts';
import type { Handler } from './endpoint.ts';
import type { Log } from './log.ts';
import { metadataPaths } from './metadata.ts';
import { answerPreflight, exposeToOrigin, foreignHeader, type Doors } from './origin.ts';
import { TrailedResponse } from './records/trail.ts';
import { within } from './within.ts';

/** Bounds against clients that send slowly or not at all, times in ms; a long answer is not bound by them. */
export interface ServerLimits {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  readonly connectionsCheckingInterval: number;
  readonly maxHeaderSize: number;
  /** Connections at once; one more is closed as it comes. */
  readonly connections: number;
}

export const serverLimits: ServerLimits = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
  connections: 512,
};

interface ServerOptions {
  readonly limits: ServerLimits;
  readonly doors: Doors;
  readonly endpoint: Handler;
  readonly metadata: () => Buffer;
  readonly onRequest: () => void;
  /** `ready`, or one word that says why not. */
  readonly readiness: () => string;
  readonly log: Log;
}

/** The HTTP server, not yet listening. */
export function createHttpServer(options: ServerOptions): Server {
  const { connections, ...limits } = options.limits;
  const settings = { ...limits, ServerResponse: TrailedResponse };
  const server = createServer(settings, (request, response) => {
    options.onRequest();
    handle(request, response, options).catch((error: unknown) => {
      options.log(`a request failed: ${error instanceof Error ? error.message : 'unknown error'}`);
      if (response.headersSent) response.destroy();
      else refuse(response, { status: 500, failure: internalFailure });
    });
  });
  server.maxConnections = connections;
  return server;
}

/** Answers in flight get the end that `endServers` gives them before their connections are cut. */
export async function closeHttpServer(
  server: Server,
  endServers: () => Promise<void>,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await endServers();
  server.closeIdleConnections();
  await within(closed, 500);
  server.closeAllConnections();
  // What was cut is recorded when its connection says that it is closed: at the end of a turn of the
  // event loop, which the first of these may still be in.
  await setImmediate();
  await setImmediate();
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { doors, endpoint, metadata, readiness }: ServerOptions,
): Promise<void> {
  const { method = '' } = request;
  const [path = ''] = (request.url ?? '').split('?', 1);
  const isRead = method === 'GET' || method === 'HEAD';
  if (path === '/healthz' || path === '/readyz') {
    if (!isRead) return sendText(response, 405, '', { Allow: 'GET, HEAD' });
    const word = path === '/healthz' ? 'ok' : readiness();
    return sendText(response, word === 'ok' || word === 'ready' ? 200 : 503, word);
  }
  const isMetadata = metadataPaths.includes(path);
  if (path !== '/mcp' && !isMetadata) return sendText(response, 404);

  const foreign = foreignHeader(request, doors);
  if (foreign) {
    const failure = { code: rpcCodes.refused, message: `this ${foreign} header is not allowed` };
    return refuse(response, { status: 403, failure });
  }
  exposeToOrigin(request, response);
  if (method === 'OPTIONS' && request.headers.origin !== undefined) {
    return answerPreflight(request, response);
  }
  if (!isMetadata) return endpoint(request, response);
  if (!isRead) return sendText(response, 405, '', { Allow: 'GET, HEAD' });
  sendJson(response, { status: 200, json: metadata() });
}

const internalFailure = { code: rpcCodes.internal, message: 'the bridge failed' };
