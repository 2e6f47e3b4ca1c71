import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

const engine = '/var/run/docker.sock';

/**
 * Stands before the engine and knows what it is at. A call goes on when its caller is killed, as it does
 * on the engine itself.
 */
export class Relay implements AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  readonly #calls = new Set<Promise<void>>();
  #lastAnswer = 0;
  readonly #server = createServer((incoming, outgoing) => {
    const call = relay(incoming, outgoing).finally(() => {
      this.#calls.delete(call);
      this.#lastAnswer = performance.now();
    });
    this.#calls.add(call);
  });

  private constructor(socket: string) {
    this.env = { DOCKER_HOST: `unix://${socket}` };
  }

  static async open(folder: string): Promise<Relay> {
    const socket = join(folder, 'docker.sock');
    const self = new Relay(socket);
    self.#server.listen(socket);
    await once(self.#server, 'listening');
    return self;
  }

  /** Waits until the engine has done all it was asked for. */
  async quiet(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls);
  }

  /** Whether the engine answered a call after that time, as `performance.now()` has it. */
  wasBusySince(time: number): boolean {
    return this.#calls.size > 0 || this.#lastAnswer > time;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** Ends when the engine has answered, whether or not anybody still listens. Never rejects. */
async function relay(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method, url, headers } = incoming;
  const upstream = request({ socketPath: engine, method, path: url, headers });
  incoming.on('error', () => upstream.end());
  outgoing.on('error', () => {});
  incoming.pipe(upstream);
  try {
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.flushHeaders();
    answer.on('data', (chunk: Buffer) => outgoing.write(chunk));
    await finished(answer);
    outgoing.end();
  } catch {
    incoming.socket.destroy();
  }
}
