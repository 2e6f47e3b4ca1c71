import type { ServerResponse } from 'node:http';
import { toSingleLine } from '../mcp/lines.ts';

export const eventStreamHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
} as const;

/** Writes one message as a server-sent event. A stray CR would end the field, so none may stay. */
export function writeEvent(response: ServerResponse, message: Buffer, id?: string): void {
  response.cork();
  response.write(id === undefined ? 'event: message\ndata: ' : `event: message\nid: ${id}\ndata: `);
  response.write(toSingleLine(message));
  response.write('\n\n');
  response.uncork();
}

/** Shows a silent client, and what stands between, that the stream is alive. */
export function writeKeepAlive(response: ServerResponse): void {
  if (!response.writableNeedDrain) response.write(':\n\n');
}
