import { readEnvelope } from '../../mcp/envelope.ts';
import { scanArray } from '../../mcp/scan.ts';
import type { Trail } from './trail.ts';

interface HttpAnswerOptions {
  readonly trail: Trail;
  readonly status: number;
  readonly isStream: boolean;
  /** As its head says; undefined when only its end tells. */
  readonly length: number | undefined;
}

/** Of a larger message only the size is looked at: it counts as a success. */
const readBytes = 2 ** 20;

/** Follows an answer of a server that speaks HTTP itself, a step ahead of the client. */
export class HttpAnswer {
  readonly #options: HttpAnswerOptions;
  /** A text whose characters are bytes. */
  #text = '';
  #data = '';
  #bytes = 0;

  constructor(options: HttpAnswerOptions) {
    this.#options = options;
  }

  /** A part that goes on to the client when this has returned. */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#text.length + this.#data.length < readBytes) this.#text += chunk.toString('latin1');
    if (this.#options.isStream) this.#readEvents();
    else if (this.#bytes === this.#options.length) this.#answerWhole();
  }

  /** There is no more. */
  end(): void {
    const { trail, isStream } = this.#options;
    if (!isStream) this.#answerWhole();
    if (trail.isOpen) trail.lost();
  }

  #answerWhole(): void {
    const { trail, status } = this.#options;
    const json = Buffer.from(this.#text, 'latin1');
    const elements = json.toString('latin1', 0, 64).trimStart().startsWith('[') && scanArray(json);
    if (!trail.isOpen) return;
    if (elements) for (const { from, to } of elements) trail.answered(json.subarray(from, to));
    else if (status >= 400 && !json.includes('"error"')) trail.failed(this.#bytes);
    else trail.answered(json, this.#bytes);
  }

  #readEvents(): void {
    const lines = this.#text.split(/\r\n|\n|\r(?!$)/);
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') this.#dispatch();
      else if (line.startsWith('data:')) this.#data += line.slice(line[5] === ' ' ? 6 : 5);
    }
    if (this.#text.length < readBytes) return;
    // Nothing but a response is so large.
    this.#text = '';
    this.#options.trail.answered(Buffer.alloc(0), this.#bytes);
  }

  #dispatch(): void {
    const message = Buffer.from(this.#data, 'latin1');
    this.#data = '';
    if (message.length === 0) return;
    if (readEnvelope(message)?.kind === 'response') this.#options.trail.answered(message);
  }
}
