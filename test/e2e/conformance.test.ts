import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Client,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { format } from 'prettier';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isPassed, losses, runConformance, type Scenario } from '../support/conformance.ts';
import { Program } from '../support/program.ts';
import { Tenancy } from '../support/tenancy.ts';
import { TokenShim } from '../support/token-shim.ts';

const fixture = join(import.meta.dirname, '../fixtures/conformance');
const document = join(import.meta.dirname, '../../docs/conformance.md');
const revisions = ['2025-11-25', '2026-07-28'] as const;

interface Pair {
  readonly reference: readonly Scenario[];
  readonly bridged: readonly Scenario[];
}

const stack = new AsyncDisposableStack();
const results = new Map<string, Pair>();
let bob: { readonly url: string; readonly token: string };

beforeAll(async () => {
  const shim = stack.use(await TokenShim.listen());
  const reference = stack.use(await Program.start(join(fixture, 'http.mjs')));
  // The suite makes one request as a page of the server's own address would.
  const tenancy = stack.use(await Tenancy.open({ origins: [shim.origin] }));
  const { servers, token } = await tenancy.addUser('bob', '--server', fixture);
  bob = { url: servers[0]?.url ?? '', token };
  for (const revision of revisions) {
    results.set(revision, {
      reference: await runConformance(`http://127.0.0.1:${reference.line}/mcp`, revision),
      bridged: await runConformance(shim.leadTo(bob), revision),
    });
  }
});

afterAll(() => stack.disposeAsync());

describe.each(revisions)('the official conformance suite of %s', (revision) => {
  const pair = (): Pair => results.get(revision) ?? { reference: [], bridged: [] };

  it('finds nothing wrong with the server when the official SDK serves it', () => {
    const counted = pair().reference.filter(({ uncounted }) => uncounted === undefined);
    expect(counted.length).toBeGreaterThanOrEqual(30);
    expect(counted.filter((one) => !isPassed(one))).toEqual([]);
  });

  it('finds nothing more wrong with it through a container’s published port, with a token', () => {
    const { reference, bridged } = pair();
    expect(losses(reference, bridged)).toEqual([]);
  });
});

it.each(revisions)(
  'the official client for %s calls a tool, and answers what it asks back',
  async (revision) => {
    const transport = new StreamableHTTPClientTransport(new URL(bob.url), {
      requestInit: { headers: { Authorization: `Bearer ${bob.token}` } },
    });
    const client = new Client(
      { name: 'test', version: '1' },
      {
        capabilities: { elicitation: {} },
        versionNegotiation: { mode: revision < '2026' ? 'legacy' : 'auto' },
      },
    );
    client.setRequestHandler('elicitation/create', () => ({
      action: 'accept',
      content: { name: 'Alice' },
    }));
    // The SDK's own class does not satisfy its interface under exactOptionalPropertyTypes.
    await client.connect(transport as Transport);
    onTestFinished(() => client.close());
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    const { content } = await client.callTool({ name: 'test_input_required_result_elicitation' });
    expect(content).toEqual([{ type: 'text', text: 'Hello, Alice!' }]);
  },
);

it('docs/conformance.md says what the suite found', async () => {
  const text = await readFile(document, 'utf8');
  const tables = [...results].map(([revision, pair]) => `### ${revision}\n\n${table(pair)}`);
  const [before] = text.split('<!-- results -->');
  const [, after] = text.split('<!-- resultsstop -->');
  const filled = `${before}<!-- results -->\n\n${tables.join('\n\n')}\n\n<!-- resultsstop -->${after}`;
  // `npm run conformance` writes it.
  await expect(await format(filled, { parser: 'markdown', printWidth: 100 })).toMatchFileSnapshot(
    document,
  );
});

/** The scenarios that the SDK passes. Tasks are an extension that neither it nor the fixture has. */
function table({ reference, bridged }: Pair): string {
  const rows = reference.filter(isPassed).map(({ name, uncounted, checks }) => {
    const others = bridged.find((scenario) => scenario.name === name)?.checks ?? [];
    return `| ${name} | ${uncounted ?? ''} | ${score(checks)} | ${score(others)} |`;
  });
  return [
    '| scenario | not counted | the SDK’s HTTP server | mcpd |',
    '| - | - | - | - |',
    ...rows,
  ].join('\n');
}

function score(checks: Scenario['checks']): string {
  const judged = checks.filter(({ status }) => ['SUCCESS', 'WARNING', 'FAILURE'].includes(status));
  return `${judged.filter(({ status }) => status === 'SUCCESS').length} of ${judged.length}`;
}
