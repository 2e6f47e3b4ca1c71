import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readEnvelope } from '../mcp/envelope.ts';
import { splitLines } from '../mcp/lines.ts';
import { mcpHeaders } from '../mcp/protocol.ts';
import { sendRequest } from './builtins.ts';
import type { HttpTarget } from './config.ts';
import { isEventStream } from './http-headers.ts';
import { initialize } from './readiness.ts';

const firstPauseMs = 20;
const longestPauseMs = 500;
const longestAnswer = 2 ** 20;

/** Asks a server to initialize until it answers; false when `signal` was aborted before. */
export async function untilAnswered(target: HttpTarget, signal: AbortSignal): Promise<boolean> {
  for (let pause = firstPauseMs; !signal.aborted; pause = Math.min(2 * pause, longestPauseMs)) {
    if (await answersInitialize(target, signal)) return true;
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

function answersInitialize({ port, path }: HttpTarget, signal: AbortSignal): Promise<boolean> {
  const headers = { Accept: 'application/json, text/event-stream' };
  const options = { host: '127.0.0.1', port, path, signal, agent: false };
  return new Promise((resolve) => {
    const request = sendRequest({
      ...options,
      method: 'POST',
      headers: {
        ...headers,
        'Content-Type': 'application/json',
        'Content-Length': initialize.length,
      },
    });
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
    request.on('response', (response) => {
      findAnswer(response, () => {
        resolve(true);
        request.destroy();
        const id = response.headers[mcpHeaders.session];
        if (id === undefined) return;
        // The session was for nothing but the question.
        const end = sendRequest({
          ...options,
          method: 'DELETE',
          headers: { ...headers, [mcpHeaders.session]: id },
        });
        end.on('error', () => undefined).on('response', (ended) => void ended.resume());
        end.end();
      });
    });
    request.end(initialize);
  });
}

/** Calls back once when the answer holds the response, be it a body or an event. */
function findAnswer(response: IncomingMessage, onFound: () => void): void {
  let isFound = false;
  const check = (json: Buffer): void => {
    const envelope = readEnvelope(json);
    if (isFound || envelope?.kind !== 'response' || envelope.id !== 0) return;
    isFound = true;
    onFound();
  };
  response.on('error', () => undefined);
  if (isEventStream(response.headers)) {
    const lines = splitLines({
      maxBytes: longestAnswer,
      onLine: (line) => {
        if (line.toString('latin1', 0, 5) === 'data:') check(line.subarray(5));
      },
      onTooLong: () => undefined,
    });
    response.on('data', lines.push);
    return;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= longestAnswer) chunks.push(chunk);
  });
  response.on('end', () => check(Buffer.concat(chunks)));
}
