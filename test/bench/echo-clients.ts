import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { median } from './measure.ts';

interface Load {
  readonly port: number;
  readonly token: string;
  /** Each has a session and a connection of its own, and one call in flight. */
  readonly clients: number;
  readonly seconds: number;
}

/** Calls the tool `echo` for a while; gives the calls per second of all clients together. */
export async function runClients(load: Load): Promise<{ perSecond: number; p50Ms: number }> {
  const sessions = await Promise.all(
    Array.from({ length: load.clients }, () => Session.open(load)),
  );
  const deadline = performance.now() + load.seconds * 1000;
  const times = await Promise.all(sessions.map((session) => session.echoUntil(deadline)));
  await Promise.all(sessions.map((session) => session.close()));
  const all = times.flat();
  return { perSecond: all.length / load.seconds, p50Ms: median(all) };
}

class Session {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #target: { readonly port: number; readonly token: string };
  #id: string | undefined;

  private constructor(target: { port: number; token: string }) {
    this.#target = target;
  }

  static async open(target: { port: number; token: string }): Promise<Session> {
    const session = new Session(target);
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    };
    const answer = await session.#post({ id: 0, method: 'initialize', params });
    session.#id = String(answer.headers['mcp-session-id']);
    await text(answer);
    await text(await session.#post({ method: 'notifications/initialized' }));
    return session;
  }

  /** Milliseconds of each call. */
  async echoUntil(deadline: number): Promise<number[]> {
    const times: number[] = [];
    const params = { name: 'echo', arguments: { text: 'hello' } };
    while (performance.now() < deadline) {
      const start = performance.now();
      const answer = await this.#post({ id: times.length + 1, method: 'tools/call', params });
      const body = await text(answer);
      if (!body.includes('hello')) throw new Error(`echo answered ${answer.statusCode} ${body}`);
      times.push(performance.now() - start);
    }
    return times;
  }

  async close(): Promise<void> {
    await text(await this.#send('DELETE', ''));
    this.#agent.destroy();
  }

  #post(message: object): Promise<IncomingMessage> {
    return this.#send('POST', JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  #send(method: string, body: string): Promise<IncomingMessage> {
    const { port, token } = this.#target;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(this.#id && { 'mcp-session-id': this.#id }),
    };
    const options = { host: '127.0.0.1', port, path: '/mcp', method, agent: this.#agent, headers };
    request(options, resolve).on('error', reject).end(body);
    return promise;
  }
}
