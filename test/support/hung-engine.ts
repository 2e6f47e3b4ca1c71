import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What listens where an engine should, takes connections, and answers a ping or not even that. */
export class HungEngine implements AsyncDisposable {
  readonly env: { readonly DOCKER_HOST: string };
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
    this.env = { DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
  }

  static async start({ answersPing }: { answersPing: boolean }): Promise<HungEngine> {
    const folder = mkdtempSync(join(tmpdir(), 'mcpd-hung-'));
    const server = createServer((request, response) => {
      if (answersPing && request.url === '/_ping') response.end('OK');
    });
    server.listen(join(folder, 'docker.sock'));
    await once(server, 'listening');
    return new HungEngine(folder, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    rmSync(this.#folder, { recursive: true });
  }
}
