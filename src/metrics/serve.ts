import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConflictError, UsageError } from '../errors.ts';
import type { ListenAddress } from './address.ts';

export interface ServeOptions {
  readonly address: ListenAddress;
  /** What a scraper must present; undefined: nothing. */
  readonly token: string | undefined;
  readonly scrape: () => Promise<Scrape>;
  /** Told once, when it listens. */
  readonly onListening: (url: string) => void;
  /** Ends it: answers under way are finished. */
  readonly signal: AbortSignal;
}

export interface Scrape {
  readonly text: string;
  readonly contentType: string;
}

/** How long answers under way may take when it ends. */
const graceMs = 3_000;

/**
 * Serves `/metrics` and `/healthz` until the signal aborts; gives the number of scrapes. Throws
 * ConflictError when the address is taken, UsageError when this host can't listen on it.
 */
export async function serveMetrics(options: ServeOptions): Promise<number> {
  const { address, signal } = options;
  let scrapes = 0;
  const scrape = shared(options.scrape);
  const server = createServer((request, response) => {
    answer(request, response, { ...options, scrape }).then(
      (isScrape) => (scrapes += Number(isScrape)),
      () => fail(response),
    );
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 100;
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  options.onListening(`http://${host}:${port}/metrics`);
  if (!signal.aborted) await once(signal, 'abort');
  server.close();
  const overdue = setTimeout(() => server.closeAllConnections(), graceMs);
  await once(server, 'close');
  clearTimeout(overdue);
  return scrapes;
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ConflictError(`Another process listens on port ${port} of ${host}.`, {
        code: 'ADDRESS_TAKEN',
        suggestions: ['Choose another port for --listen.'],
        cause,
      });
    }
    throw new UsageError(`This host can't listen on port ${port} of ${host} (${code}).`, {
      code: 'CANNOT_LISTEN',
      suggestions: ['Choose an address of this host, and a port from 1024 on.'],
      cause,
    });
  }
}

/** True when it was answered with metrics. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { token, scrape }: Pick<ServeOptions, 'token' | 'scrape'>,
): Promise<boolean> {
  const path = (request.url ?? '').split('?', 1)[0];
  if (path !== '/metrics' && path !== '/healthz') return refuse(response, 404, 'Not found\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405, 'Method not allowed\n');
  }
  if (path === '/healthz') return refuse(response, 200, 'ok\n');
  if (token !== undefined && !isAuthorized(request, token)) {
    response.setHeader('www-authenticate', 'Bearer realm="mcpd metrics"');
    return refuse(response, 401, 'Unauthorized\n');
  }
  const { text, contentType } = await scrape();
  send(response, { status: 200, contentType, text });
  return true;
}

function refuse(response: ServerResponse, status: number, text: string): boolean {
  send(response, { status, contentType: 'text/plain; charset=utf-8', text });
  return false;
}

function fail(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else refuse(response, 500, 'Gathering failed\n');
}

function send(
  response: ServerResponse,
  { status, contentType, text }: Scrape & { readonly status: number },
): void {
  const body = Buffer.from(text);
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length });
  // To HEAD Node sends the headers only.
  response.end(body);
}

/** In a time that doesn't depend on how much of the token is right. */
function isAuthorized({ headers }: IncomingMessage, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Who asks while it is under way gets the same. */
function shared<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => {
    running ??= run().finally(() => (running = undefined));
    return running;
  };
}
