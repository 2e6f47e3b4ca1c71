import type { IncomingMessage } from 'node:http';
import { readEnvelope } from '../mcp/envelope.ts';
import { splitLines } from '../mcp/lines.ts';
import { mcpHeaders } from '../mcp/protocol.ts';
import { sendRequest } from './builtins.ts';
import type { HttpTarget } from './config.ts';
import { isEventStream } from './http-headers.ts';

/** A message of the bridge itself; a request has the id 0. */
export interface HttpQuestion {
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface HttpReply {
  /** The response; undefined where none came. */
  readonly json: Buffer | undefined;
  readonly sessionId: string | undefined;
}

const longestAnswer = 2 ** 20;
const accept = { Accept: 'application/json, text/event-stream' };

/** Sends a message to a server that speaks HTTP itself; undefined when that could not be reached. */
export function askHttp(
  { port, path }: HttpTarget,
  { body, headers, signal }: HttpQuestion,
): Promise<HttpReply | undefined> {
  return new Promise((resolve) => {
    const request = sendRequest({
      host: '127.0.0.1',
      port,
      path,
      signal,
      agent: false,
      method: 'POST',
      headers: {
        ...accept,
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        ...headers,
      },
    });
    request.on('error', () => resolve(undefined));
    request.on('close', () => resolve(undefined));
    request.on('response', (response) => {
      const id = response.headers[mcpHeaders.session];
      const sessionId = typeof id === 'string' ? id : undefined;
      findAnswer(response, (json) => {
        resolve({ json, sessionId });
        request.destroy();
      });
    });
    request.end(body);
  });
}

/** Ends a session that was for nothing but a question. Waits for nothing. */
export function endHttpSession(
  { port, path }: HttpTarget,
  sessionId: string,
  signal: AbortSignal,
): void {
  const end = sendRequest({
    host: '127.0.0.1',
    port,
    path,
    signal,
    agent: false,
    method: 'DELETE',
    headers: { ...accept, [mcpHeaders.session]: sessionId },
  });
  end.on('error', () => undefined).on('response', (ended) => void ended.resume());
  end.end();
}

/** Calls back once, with the response as soon as it is there, be it the body or an event; undefined when it isn't. */
function findAnswer(response: IncomingMessage, onOver: (json: Buffer | undefined) => void): void {
  let isOver = false;
  const finish = (json: Buffer | undefined): void => {
    if (!isOver) onOver(json);
    isOver = true;
  };
  const check = (json: Buffer): void => {
    const envelope = readEnvelope(json);
    if (envelope?.kind === 'response' && envelope.id === 0) finish(json);
  };
  response.on('error', () => finish(undefined));
  if (isEventStream(response.headers)) {
    const lines = splitLines({
      maxBytes: longestAnswer,
      onLine: (line) => {
        if (line.toString('latin1', 0, 5) === 'data:') check(line.subarray(5));
      },
      onTooLong: () => undefined,
    });
    response.on('data', lines.push);
    response.on('end', () => finish(undefined));
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= longestAnswer) chunks.push(chunk);
  });
  response.on('end', () => {
    check(Buffer.concat(chunks));
    finish(undefined);
  });
}
