import { Wire, type WireAnswer } from './wire.ts';

export interface Target {
  readonly port: number;
  readonly token?: string | undefined;
}

/** An MCP client with a session and a connection of its own, and one call in flight. */
export class EchoClient {
  readonly #wire: Wire;
  readonly #target: Target;
  #sessionHeader = '';
  #calls = 0;

  private constructor(wire: Wire, target: Target) {
    this.#wire = wire;
    this.#target = target;
  }

  /** Connects, with no session yet. */
  static async connect(target: Target): Promise<EchoClient> {
    return new EchoClient(await Wire.open(target.port), target);
  }

  /** Connects and has a session. */
  static async open(target: Target): Promise<EchoClient> {
    const client = await EchoClient.connect(target);
    await client.initialize();
    await client.#post({ method: 'notifications/initialized' });
    return client;
  }

  /** Opens a session. */
  async initialize(): Promise<void> {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    };
    const { head } = await this.#post({ id: 0, method: 'initialize', params });
    const id = /\r\nmcp-session-id: ([^\r]+)/i.exec(head)?.[1];
    if (id === undefined) throw new Error(`initialize gave no session: ${head}`);
    this.#sessionHeader = `Mcp-Session-Id: ${id}\r\n`;
  }

  /** Calls `echo` again and again; gives the milliseconds of each call. */
  async echoUntil(deadline: number): Promise<number[]> {
    const times: number[] = [];
    while (performance.now() < deadline) {
      const start = performance.now();
      const body = await this.call('echo', { text: 'hello', message: 'hello' });
      times.push(performance.now() - start);
      if (!body.includes('hello')) throw new Error(`echo answered ${body.toString()}`);
    }
    return times;
  }

  async call(name: string, args: Record<string, unknown>): Promise<Buffer> {
    this.#calls += 1;
    const params = { name, arguments: args };
    const { body } = await this.#post({ id: this.#calls, method: 'tools/call', params });
    return body;
  }

  /** Ends the session and the connection. */
  async close(): Promise<void> {
    await this.#send('DELETE', '');
    this.abandon();
  }

  /** Ends the connection and leaves the session behind. */
  abandon(): void {
    this.#wire.close();
  }

  async #post(message: object): Promise<WireAnswer> {
    const answer = await this.#send('POST', JSON.stringify({ jsonrpc: '2.0', ...message }));
    if (answer.status < 300) return answer;
    throw new Error(`${answer.head}\n\n${answer.body.toString()}`);
  }

  #send(method: string, body: string): Promise<WireAnswer> {
    const { port, token } = this.#target;
    const lines = [
      `${method} /mcp HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Accept: application/json, text/event-stream',
      'Content-Type: application/json',
      ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ];
    return this.#wire.send(`${lines.join('\r\n')}\r\n${this.#sessionHeader}`, body);
  }
}
