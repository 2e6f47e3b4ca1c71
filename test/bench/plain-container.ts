import { unusedPort } from '../support/unused.ts';
import { docker } from './docker-api.ts';

/** A container of a Node program with caps and a published port, and nothing of mcpd. */
export interface PlainContainer extends AsyncDisposable {
  readonly port: number;
  keepOn(processors: string): Promise<void>;
  /** Lets it run for as long as something is measured; it is frozen otherwise. */
  during<Result>(measure: () => Promise<Result>): Promise<Result>;
}

interface Program {
  readonly image: string;
  readonly cpus: number;
  readonly script: string;
}

const containerPort = 8080;

/** Makes one and freezes it. */
export async function plainContainer({ image, cpus, script }: Program): Promise<PlainContainer> {
  const port = await unusedPort();
  const exposed = `${containerPort}/tcp`;
  const { Id } = await docker<{ Id: string }>('/containers/create', {
    method: 'POST',
    body: {
      Image: image,
      Entrypoint: ['node', '-e', script],
      ExposedPorts: { [exposed]: {} },
      HostConfig: {
        Init: true,
        NanoCpus: cpus * 1e9,
        PortBindings: { [exposed]: [{ HostIp: '127.0.0.1', HostPort: `${port}` }] },
      },
    },
  });
  const act = (what: string) => docker(`/containers/${Id}/${what}`, { method: 'POST' });
  await act('start');
  await act('pause');
  return {
    port,
    keepOn: async (processors) => {
      const body = { CpusetCpus: processors };
      await docker(`/containers/${Id}/update`, { method: 'POST', body });
    },
    during: async (measure) => {
      await act('unpause');
      try {
        return await measure();
      } finally {
        await act('pause');
      }
    },
    [Symbol.asyncDispose]: async () => {
      await docker(`/containers/${Id}?force=true`, { method: 'DELETE' });
    },
  };
}

/** Computes without end, on every processor: a server and its bridge use two at once, too. */
export const loop = `
  for (const _ of require('node:os').cpus()) {
    new (require('node:worker_threads').Worker)('for (;;);', { eval: true });
  }`;

/** Answers each request with what an MCP server answers to a call of `echo`; no connection ends while it is frozen. */
export const echoServer = `
  require('node:http').createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { id } = JSON.parse(body);
    const result = { content: [{ type: 'text', text: 'hello' }] };
    const json = JSON.stringify({ jsonrpc: '2.0', id, result });
    const headers = { 'Content-Type': 'application/json', 'Mcp-Session-Id': 'one' };
    response.writeHead(200, { ...headers, 'Content-Length': json.length }).end(json);
  }).listen(${containerPort});`;
