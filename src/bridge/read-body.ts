import type { IncomingMessage } from 'node:http';

/** The whole body, or why there is none: above the bound, above what all may hold together, or the client left. */
export type Body = Buffer | 'too-large' | 'busy' | 'gone';

export interface BodyReader {
  /**
   * Calls `take` with the body and resolves as it does. It is called as the last byte comes, before Node ends
   * the stream, so that a request is on its way before anything else is done for it.
   */
  read<Taken>(
    request: IncomingMessage,
    take: (body: Body) => Taken | Promise<Taken>,
  ): Promise<Taken>;
}

/** Reads request bodies of at most `bodyBytes`, all those being read together at most `totalBytes`. */
export function createBodyReader(bodyBytes: number, totalBytes: number): BodyReader {
  let held = 0;
  return {
    read: (request, take) =>
      new Promise((resolve, reject) => {
        const length = Number(request.headers['content-length'] ?? NaN);
        const chunks: Buffer[] = [];
        let size = 0;
        let isOver = false;
        const finish = (body: Body): void => {
          if (isOver) return;
          isOver = true;
          held -= size;
          chunks.length = 0;
          try {
            resolve(take(body));
          } catch (error) {
            reject(error);
          }
        };
        const keep = (chunk: Buffer): void => {
          // What still comes is read and forgotten, so that the client gets to see the answer.
          if (isOver) return;
          size += chunk.length;
          held += chunk.length;
          if (size > bodyBytes) return finish('too-large');
          if (held > totalBytes) return finish('busy');
          chunks.push(chunk);
          if (size === length) complete();
        };
        const complete = (): void => {
          const [first] = chunks;
          finish(chunks.length === 1 && first ? first : Buffer.concat(chunks));
        };
        const leave = (): void => finish('gone');
        if (length > bodyBytes) finish('too-large');
        request.on('data', keep).on('end', complete).on('close', leave);
        request.on('error', () => {});
      }),
  };
}
