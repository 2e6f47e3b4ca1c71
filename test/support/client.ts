import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

/** A connected official client; `await using` ends its session. */
export class TestClient implements AsyncDisposable {
  readonly client: Client;
  readonly #transport: StreamableHTTPClientTransport;

  private constructor(client: Client, transport: StreamableHTTPClientTransport) {
    this.client = client;
    this.#transport = transport;
  }

  /** `timeout`, in ms: how long the server may take to answer, when not as long as clients usually wait. `fetch`: what sends its requests. */
  static async connect(
    url: string,
    token: string,
    { fetch, ...options }: { timeout?: number; fetch?: typeof globalThis.fetch } = {},
  ): Promise<TestClient> {
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
      ...(fetch && { fetch: (address, init) => fetch(address, init) }),
    });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(transport as Parameters<Client['connect']>[0], options);
    return new TestClient(client, transport);
  }

  /** Calls a tool and gives the text of its answer. Throws when the tool says it failed. */
  async call(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const result = (await this.client.callTool({ name, arguments: args })) as CallToolResult;
    const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
    if (result.isError) throw new Error(text);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport.terminateSession();
    await this.client.close();
  }
}
