import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Passes an answer on one piece behind, and the last one when `onEnd` has returned: until then nobody has
 * the whole answer, however its end is told.
 */
export function passOneBehind(
  answer: IncomingMessage,
  response: ServerResponse,
  onEnd: () => void,
): void {
  let last: Buffer | undefined;
  answer.on('data', (chunk: Buffer) => {
    if (last && !response.destroyed && !response.write(last)) answer.pause();
    last = chunk;
  });
  response.on('drain', () => answer.resume());
  answer.on('end', () => {
    onEnd();
    if (!response.destroyed) response.end(last);
  });
}
