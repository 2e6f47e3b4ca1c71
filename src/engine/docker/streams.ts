import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { EngineError } from '../../errors.ts';

/** One event of a pull, an import or a build. */
export interface ProgressEvent {
  /** Build output, with its line ends. */
  readonly stream?: string;
  readonly status?: string;
  readonly errorDetail?: { readonly message?: string; readonly code?: number };
  readonly aux?: { readonly ID?: string };
}

/**
 * Reads the stream to its end. The engine answers 200 and reports a failure inside, so this throws
 * EngineError on `errorDetail`, and on a stream that breaks off or errs.
 */
export async function followProgress(
  stream: Readable,
  onEvent: (event: ProgressEvent) => void = () => undefined,
): Promise<void> {
  for await (const line of lines(stream)) {
    const event = JSON.parse(line) as ProgressEvent & { readonly error?: string };
    onEvent(event);
    if (event.errorDetail || event.error) {
      throw new EngineError(event.errorDetail?.message ?? event.error ?? 'unknown failure', {
        code: 'ENGINE_ERROR',
        suggestions: ['mcpd doctor', 'journalctl -u docker, for what the engine knows of it'],
      });
    }
  }
}

async function* lines(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.trim() !== '') yield line;
  }
  if (rest.trim() !== '') yield rest;
}
