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

/**
 * Writes one message as a server-sent event. A stray CR would end the field, so none may stay. It does
 * not use `cork`: a corked response never reports that it needs to drain.
 */
export function writeEvent(response: ServerResponse, message: Buffer, id?: string): void {
  const start = Buffer.from(
    id === undefined ? 'event: message\ndata: ' : `event: message\nid: ${id}\ndata: `,
  );
  const parts = [start, toSingleLine(message), end];
  if (message.length < smallBytes) response.write(Buffer.concat(parts));
  else for (const part of parts) response.write(part);
}

/** Shows a silent client, and what stands between, that the stream is alive. */
export function writeKeepAlive(response: ServerResponse): void {
  if (!response.writableNeedDrain) response.write(':\n\n');
}
