import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

// From nothing to a tool call: adds the user "demo", connects as a client would, and says how to go on.
// Safe to run again.

const user = 'demo';
const launcher = join(import.meta.dirname, '../bin/run.js');

interface Added {
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  readonly token: string | null;
}

await main();

async function main(): Promise<void> {
  mcpd(['user', 'add', user]);
  const added = JSON.parse(mcpd(['user', 'add', user, '--json'])) as Added;
  const token = freshToken();
  const [server] = added.servers;
  if (!server) throw new Error(`${user} has no server`);

  console.log(`\nTool call over ${server.url}:`);
  console.log(await callTool(server.url, token));
  console.log(`\nURL:    ${server.url}\nToken:  ${token}\n`);
  console.log(
    mcpd(['connect', user, '--client', 'claude-code', '--token-stdin'], { input: token }),
  );
  console.log(`Remove it all:  node bin/run.js user remove ${user} --purge --yes`);
}

/** A token of an earlier run can't be shown again, so each run makes its own and revokes the last. */
function freshToken(): string {
  const { tokens } = JSON.parse(mcpd(['token', 'list', user, '--json'])) as {
    tokens: readonly { readonly id: string; readonly name: string; readonly revokedAt: unknown }[];
  };
  for (const { id, name, revokedAt } of tokens) {
    if (name === 'quickstart' && revokedAt === null) mcpd(['token', 'revoke', user, id, '--yes']);
  }
  const created = mcpd(['token', 'create', user, '--name', 'quickstart', '--json']);
  return (JSON.parse(created) as { value: string }).value;
}

async function callTool(url: string, token: string): Promise<string> {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: 'quickstart', version: '1.0.0' });
  await client.connect(transport as Parameters<Client['connect']>[0]);
  try {
    await client.callTool({
      name: 'write_file',
      arguments: { path: '/workspace/hello.txt', content: 'Hello from your own MCP server.\n' },
    });
    const result = await client.callTool({
      name: 'read_text_file',
      arguments: { path: '/workspace/hello.txt' },
    });
    return JSON.stringify(result.content);
  } finally {
    await transport.terminateSession();
    await client.close();
  }
}

interface Options {
  readonly input?: string;
}

/** Runs the command line; its progress goes to this terminal. Gives its stdout. */
function mcpd(args: readonly string[], { input = '' }: Options = {}): string {
  const run = spawnSync(process.execPath, [launcher, ...args], {
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (run.status !== 0) {
    process.stdout.write(run.stdout);
    process.exit(run.status ?? 1);
  }
  return run.stdout;
}
