import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface WireAnswer {
  readonly status: number;
  /** The head, as it came. */
  readonly head: string;
  readonly body: Buffer;
}

const emptyLine = Buffer.from('\r\n\r\n');
const lastChunk = Buffer.from('\r\n0\r\n\r\n');

/**
 * One kept connection with one request in flight. Clients share the machine with what they measure, so
 * this one knows of HTTP only what these answers need.
 */
export class Wire {
  readonly #socket: Socket;
  #waiting: PromiseWithResolvers<WireAnswer> | undefined;
  #parts: Buffer[] = [];
  #size = 0;
  #head: string | undefined;
  /** The last bytes that came. */
  #tail = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Wire(socket);
  }

  /** `head` is the request's line and headers, each with its end. */
  send(head: string, body: string): Promise<WireAnswer> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return this.#waiting.promise;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-lastChunk.length)]).subarray(
      -lastChunk.length,
    );
    if (this.#head === undefined) {
      const bytes = Buffer.concat(this.#parts);
      const end = bytes.indexOf(emptyLine);
      if (end === -1) return;
      this.#head = bytes.toString('latin1', 0, end);
    }
    const start = this.#head.length + emptyLine.length;
    if (!this.#isWhole(this.#head, start)) return;
    const [head, bytes] = [this.#head, Buffer.concat(this.#parts, this.#size)];
    this.#parts = [];
    this.#size = 0;
    this.#head = undefined;
    this.#waiting?.resolve({
      status: Number(head.slice('HTTP/1.1 '.length, 12)),
      head,
      body: bytes.subarray(start),
    });
  }

  #isWhole(head: string, start: number): boolean {
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length !== undefined) return this.#size >= start + Number(length);
    return !/\r\ntransfer-encoding: chunked/i.test(head) || this.#tail.equals(lastChunk);
  }
}
