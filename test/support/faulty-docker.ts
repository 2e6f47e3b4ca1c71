import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const engine = '/var/run/docker.sock';

/** What goes wrong, once, with the first call that matches. */
export interface Fault {
  /** `POST /containers/create`: a method, and how its path ends, without the API's version. */
  readonly call: RegExp;
  /**
   * - `drop`: the engine does it, and the connection breaks before its answer.
   * - `refuse`: the connection breaks before the engine hears of it, and so does every later one.
   * - `cut`: the answer breaks off after so many bytes.
   * - `answer`: something else than the engine answers.
   * - `wait`: the engine hears of it late.
   * - `meanwhile`: the engine hears of it once this is done.
   * - `twice`: the engine is at the same call already, whose caller was killed.
   */
  readonly how:
    | 'drop'
    | 'refuse'
    | 'twice'
    | { readonly cut: number }
    | { readonly answer: number; readonly body: string }
    | { readonly wait: number }
    | { readonly meanwhile: () => Promise<unknown> };
}

/** Stands before the machine's engine, on a socket of its own, and is at fault when asked to. */
export class FaultyDocker implements AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  readonly #folder: string;
  readonly #server: Server;
  #fault: Fault | undefined;
  #isGone = false;
  /** Whether the fault has happened. */
  happened = false;

  private constructor(folder: string) {
    this.#folder = folder;
    this.env = { DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
    this.#server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing));
  }

  static async start(): Promise<FaultyDocker> {
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-faulty-'));
    const docker = new FaultyDocker(folder);
    docker.#server.listen(join(folder, 'docker.sock'));
    await once(docker.#server, 'listening');
    return docker;
  }

  /** Until it has happened. */
  arm(fault: Fault): void {
    this.#fault = fault;
    this.happened = false;
  }

  /** All is well again. */
  mend(): void {
    this.#fault = undefined;
    this.#isGone = false;
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (this.#isGone) return void incoming.socket.destroy();
    const { pathname } = new URL(incoming.url ?? '/', 'http://docker');
    const call = `${incoming.method} ${pathname.replace(/^\/v[\d.]+(?=\/)/, '')}`;
    const how = this.#fault?.call.test(call) ? this.#fault.how : undefined;
    if (how === undefined)
      return forward({ incoming, outgoing }, (answer) => pass(answer, outgoing));
    this.#fault = undefined;
    this.happened = true;
    if (how === 'refuse') {
      this.#isGone = true;
      incoming.socket.destroy();
    } else if (how === 'drop') {
      forward({ incoming, outgoing }, (answer) => {
        answer.resume().once('end', () => incoming.socket.destroy());
      });
    } else if (how === 'twice') {
      await sendTwice(incoming, outgoing);
    } else if ('wait' in how) {
      await delay(how.wait);
      forward({ incoming, outgoing }, (answer) => pass(answer, outgoing));
    } else if ('meanwhile' in how) {
      await how.meanwhile();
      forward({ incoming, outgoing }, (answer) => pass(answer, outgoing));
    } else if ('cut' in how) {
      forward({ incoming, outgoing }, (answer) => cut(answer, { outgoing, bytes: how.cut }));
    } else {
      incoming.resume();
      outgoing.writeHead(how.answer, { 'content-type': 'application/json' }).end(how.body);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

function forward(
  { incoming, outgoing }: Exchange,
  onAnswer: (answer: IncomingMessage) => void,
): void {
  const { method, url, headers } = incoming;
  const upstream = request({ socketPath: engine, method, path: url, headers }, onAnswer);
  upstream.on('error', () => incoming.socket.destroy());
  incoming.pipe(upstream);
  outgoing.once('close', () => upstream.destroy());
}

async function sendTwice(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method, url, headers } = incoming;
  const body = await buffer(incoming);
  const options = { socketPath: engine, method, path: url, headers };
  // The engine does it whether or not anybody waits for the answer.
  const first = request(options).on('error', () => {});
  first.end(body);
  await once(first, 'finish');
  first.once('response', (answer) => answer.resume());
  request(options, (answer) => pass(answer, outgoing)).end(body);
}

function pass(answer: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
  answer.pipe(outgoing);
}

function cut(
  answer: IncomingMessage,
  { outgoing, bytes }: { outgoing: ServerResponse; bytes: number },
): void {
  outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
  let left = bytes;
  answer.on('data', (chunk: Buffer) => {
    outgoing.write(chunk.subarray(0, left), () => {
      if (left <= 0) outgoing.destroy();
    });
    left -= chunk.length;
  });
  answer.once('end', () => outgoing.destroy());
}
