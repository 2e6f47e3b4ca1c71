import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import type { LogChunk, LogOptions } from '../engine.ts';
import { toMcpdError, translate } from './errors.ts';

/** Streams a container's log; the consumer's pace is the engine's. Throws our errors when it breaks off. */
export async function* containerLogs(
  docker: Docker,
  id: string,
  options: LogOptions,
): AsyncGenerator<LogChunk> {
  const stream = await translate(openLog(docker, id, options));
  const stop = () => stream.destroy();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    yield* demultiplex(stream);
  } catch (error) {
    if (!options.signal?.aborted) throw toMcpdError(error);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** Splits the engine's framing: a stream byte, three zeros, a big-endian length, then the data. */
export async function* demultiplex(source: AsyncIterable<Buffer>): AsyncGenerator<LogChunk> {
  let header = Buffer.alloc(0);
  let remaining = 0;
  let stream: LogChunk['stream'] = 'stdout';
  for await (let chunk of source) {
    while (chunk.length > 0) {
      if (remaining > 0) {
        const data = chunk.subarray(0, remaining);
        remaining -= data.length;
        chunk = chunk.subarray(data.length);
        yield { stream, data, ends: remaining === 0 };
        continue;
      }
      const missing = 8 - header.length;
      header = Buffer.concat([header, chunk.subarray(0, missing)]);
      chunk = chunk.subarray(missing);
      if (header.length < 8) continue;
      stream = header[0] === 2 ? 'stderr' : 'stdout';
      remaining = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  }
}

// dockerode's own `logs` reads the whole log into memory unless it follows.
function openLog(docker: Docker, id: string, options: LogOptions): Promise<IncomingMessage> {
  const query = {
    stdout: true,
    stderr: true,
    follow: options.follow,
    timestamps: options.timestamps,
    tail: options.tail ?? 'all',
    since: options.since ?? 0,
  };
  const dial = {
    path: `/containers/${id}/logs?`,
    method: 'GET',
    isStream: true,
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
    options: query,
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(dial, (error: unknown, stream: unknown) => {
      if (error)
        reject(error instanceof Error ? error : new Error('log stream failed', { cause: error }));
      else resolve(stream as IncomingMessage);
    });
  });
}
