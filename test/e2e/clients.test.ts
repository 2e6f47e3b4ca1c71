import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Client,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { Inspector } from '../support/inspector.ts';
import { docker, Tenancy, type AddedUser } from '../support/tenancy.ts';

// Each was made with another release of the official SDK, the last but one with 2.x, which speaks both eras.
const servers = [
  ['filesystem', 'list_allowed_directories', {}, '/workspace'],
  ['memory', 'read_graph', {}, 'entities'],
  ['everything', 'echo', { message: 'grüße' }, 'grüße'],
  ['sequential-thinking', 'sequentialthinking', thought(), 'thoughtNumber'],
  ['context7', undefined, {}, ''],
  ['hello', 'echo', { message: 'grüße' }, 'grüße'],
] as const;

const others = {
  context7: { npm: '@upstash/context7-mcp@4.1.1', main: 'dist/index.js' },
  hello: { npm: 'mcp-hello-world@1.1.2', main: 'build/stdio.js' },
};

const stack = new AsyncDisposableStack();
let bob: AddedUser;
let inspector: Inspector;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcpd-template-'));
  stack.defer(() => rm(folder, { recursive: true }));
  stack.defer(() => removeImages(Object.keys(others)));
  const tenancy = stack.use(await Tenancy.open());
  const templates = await Promise.all(
    Object.entries(others).map(([name, program]) => writeTemplate(folder, name, program)),
  );
  const catalog = servers.map(([name]) => name).filter((name) => !Object.hasOwn(others, name));
  bob = await tenancy.addUser('bob', '--server', [...catalog, ...templates].join(','));
  inspector = stack.use(await Inspector.install());
});

afterAll(() => stack.disposeAsync());

describe.each(servers)('%s', (name, tool, args, expected) => {
  const url = (): string => bob.servers.find((server) => server.name === name)?.url ?? '';

  it('answers the official client of the sessions’ revisions', async () => {
    await using connected = await TestClient.connect(url(), bob.token);
    expect((await connected.client.listTools()).tools).not.toEqual([]);
    expect(tool ? await connected.call(tool, args) : '').toContain(expected);
  });

  it.each([
    ['with a session', 'legacy', '2025-11-25'],
    ['without one', 'auto', '2026-07-28'],
  ] as const)('answers the official client of both eras, %s', async (_how, mode, revision) => {
    const client = new Client(
      { name: 'test', version: '1' },
      { capabilities: {}, versionNegotiation: { mode } },
    );
    const transport = new StreamableHTTPClientTransport(new URL(url()), {
      requestInit: { headers: { Authorization: `Bearer ${bob.token}` } },
    });
    // The SDK's own class does not satisfy its interface under exactOptionalPropertyTypes.
    await client.connect(transport as Transport);
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    expect((await client.listTools()).tools).not.toEqual([]);
    const answer = tool && (await client.callTool({ name: tool, arguments: args }));
    expect(JSON.stringify(answer ?? '')).toContain(expected);
    await client.close();
  });

  it('answers the official inspector', async () => {
    const { tools } = await inspector.ask(url(), bob.token, '--method', 'tools/list');
    expect(tools).not.toEqual([]);
  });
});

function thought(): Record<string, unknown> {
  return { thought: 'first', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 };
}

async function writeTemplate(
  folder: string,
  name: string,
  { npm, main }: { npm: string; main: string },
): Promise<string> {
  const own = await mkdtemp(join(folder, `${name}-`));
  const template = {
    name,
    title: name,
    description: 'A server from npm.',
    source: { npm },
    command: ['node', `\${package}/${main}`],
    riskLevel: 'low',
    requiresUserIsolation: true,
    userAware: false,
  };
  await writeFile(join(own, 'template.json'), JSON.stringify(template));
  return own;
}

async function removeImages(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const ids = await docker('image', 'ls', '-q', '--filter', `label=mcpd.template=${name}`);
    if (ids !== '') await docker('image', 'rm', '--force', ...new Set(ids.split('\n')));
  }
}
