import type { IncomingMessage } from 'node:http';

export interface BodyReader {
  /** The whole body, or why there is none: above the bound, above what all may hold together, or the client left. */
  read(request: IncomingMessage): Promise<Buffer | 'too-large' | 'busy' | 'gone'>;
}

/** Reads request bodies of at most `bodyBytes`, all those being read together at most `totalBytes`. */
export function createBodyReader(bodyBytes: number, totalBytes: number): BodyReader {
  let held = 0;
  return {
    read: (request) =>
      new Promise((resolve) => {
        const length = Number(request.headers['content-length'] ?? NaN);
        const chunks: Buffer[] = [];
        let size = 0;
        let isOver = false;
        const finish = (outcome: Buffer | 'too-large' | 'busy' | 'gone'): void => {
          if (isOver) return;
          isOver = true;
          held -= size;
          chunks.length = 0;
          resolve(outcome);
        };
        const take = (chunk: Buffer): void => {
          // What still comes is read and forgotten, so that the client gets to see the answer.
          if (isOver) return;
          size += chunk.length;
          held += chunk.length;
          if (size > bodyBytes) finish('too-large');
          else if (held > totalBytes) finish('busy');
          else chunks.push(chunk);
          // Its end is told a turn later.
          if (size === length) complete();
        };
        const complete = (): void => {
          if (isOver) return;
          const [first] = chunks;
          finish(chunks.length === 1 && first ? first : Buffer.concat(chunks, size));
        };
        const leave = (): void => finish('gone');
        if (length > bodyBytes) finish('too-large');
        request.on('data', take).on('end', complete).on('close', leave);
        request.on('error', () => {});
      }),
  };
}
