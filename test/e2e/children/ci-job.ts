// What a CI job does with its tenant: the official client, set up by the file that it finds, asks every
// server for its tools. Prints one JSON document.
import { readFile } from 'node:fs/promises';
import { TestClient } from '../../support/client.ts';

interface ClientConfig {
  readonly mcpServers: Readonly<
    Record<string, { url: string; headers: { readonly Authorization: string } }>
  >;
}

const path = process.env['MCPD_CLIENT_CONFIG'] ?? '';
const { mcpServers } = JSON.parse(await readFile(path, 'utf8')) as ClientConfig;
const tools: Record<string, number> = {};
for (const [name, { url, headers }] of Object.entries(mcpServers)) {
  await using client = await TestClient.connect(url, headers.Authorization.replace('Bearer ', ''));
  tools[name] = (await client.client.listTools()).tools.length;
}
const variables = Object.entries(process.env).filter(([name]) => /^MCPD_(.+_)?URL$/.test(name));
process.stdout.write(
  JSON.stringify({
    tools,
    urls: Object.fromEntries(variables),
    user: process.env['MCPD_USER'],
    hasToken: Object.values(mcpServers).every(
      ({ headers }) => headers.Authorization === `Bearer ${process.env['MCPD_TOKEN']}`,
    ),
  }),
);
