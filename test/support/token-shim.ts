import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A loopback address in front of a server, for clients that cannot send a token: it adds the token, and
 * puts the server's own address in the place of its own in `Host`. Everything else goes as it comes.
 */
export class TokenShim implements AsyncDisposable {
  readonly #http = createServer((incoming, response) => this.#forward(incoming, response));
  #server = { url: '', token: '' };

  static async listen(): Promise<TokenShim> {
    const shim = new TokenShim();
    await once(shim.#http.listen(0, '127.0.0.1'), 'listening');
    return shim;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  /** The shim's address of this server. */
  leadTo(server: { readonly url: string; readonly token: string }): string {
    this.#server = server;
    return new URL(new URL(server.url).pathname, this.origin).href;
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { url, token } = this.#server;
    const isOwn = incoming.headers.host === new URL(this.origin).host;
    const outgoing = request(new URL(incoming.url ?? '', url), {
      method: incoming.method,
      headers: {
        ...incoming.headers,
        host: isOwn ? new URL(url).host : incoming.headers.host,
        authorization: `Bearer ${token}`,
      },
    });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
      answer.on('error', () => response.destroy()).pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }
}
