import type { ServerResponse } from 'node:http';
import { toSingleLine } from '../mcp/lines.ts';

export const eventStreamHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
} as const;

const end = Buffer.from('\n\n');
/** Below this a message is copied, so that its event leaves in one piece. */
const smallBytes = 65_536;
/** When a client that lost its stream should come back; soon, since its server may be waiting for it. */
const retryMs = 1_000;

/**
 * Writes one message as a server-sent event. A stray CR would end the field, so none may stay. It does
 * not use `cork`: a corked response never reports that it needs to drain. `onTaken` is called when the
 * system has all of it.
 */
export function writeEvent(
  response: ServerResponse,
  message: Buffer,
  { id, onTaken }: { id?: string; onTaken?: () => void } = {},
): void {
  const start = Buffer.from(
    id === undefined ? 'event: message\ndata: ' : `event: message\nid: ${id}\ndata: `,
  );
  const parts = [start, toSingleLine(message), end];
  if (message.length < smallBytes) parts.splice(0, parts.length, Buffer.concat(parts));
  const last = parts.pop();
  for (const part of parts) response.write(part);
  response.write(last, (error) => {
    if (!error) onTaken?.();
  });
}

/** An event without a message: it names the position a client has reached, and when to come back. */
export function writePosition(response: ServerResponse, id: string): void {
  response.write(`id: ${id}\nretry: ${retryMs}\ndata:\n\n`);
}

/** Shows a silent client, and what stands between, that the stream is alive. */
export function writeKeepAlive(response: ServerResponse): void {
  if (!response.writableNeedDrain && !response.writableEnded) response.write(':\n\n');
}
