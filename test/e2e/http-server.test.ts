import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TestClient } from '../support/client.ts';
import { besideServer, inspectServer } from '../support/inside.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

const port = 3456;
const stack = new AsyncDisposableStack();
let tenancy: Tenancy;
let template: OwnTemplate;
let bob: AddedUser;

beforeAll(async () => {
  template = stack.use(
    await OwnTemplate.copyOf('everything', {
      command: ['node', '${package}/dist/index.js', 'streamableHttp'],
      transport: 'http',
      http: { port, path: '/mcp' },
    }),
  );
  tenancy = stack.use(await Tenancy.open());
  bob = await tenancy.addUser('bob', '--server', template.folder);
});

afterAll(() => stack.disposeAsync());

function connect(): Promise<TestClient> {
  return TestClient.connect(bob.servers[0]?.url ?? '', bob.token);
}

/** Pids that the bridge has started its server as, oldest first. */
async function starts(): Promise<string[]> {
  const log = await tenancy.docker('logs', await tenancy.containerOf('bob', template.name));
  return [...log.matchAll(/^server: started, pid (\d+)$/gm)].map(([, pid = '']) => pid);
}

it('serves the official client a published server that speaks HTTP itself', async () => {
  expect(bob.servers[0]).toMatchObject({ state: 'running', ready: true });
  await using one = await connect();
  await using other = await connect();
  expect((await one.client.listTools()).tools.map(({ name }) => name)).toContain('echo');
  const texts = ['only one’s: Schlüssel 🔑', 'the other’s'];
  const echoes = await Promise.all(
    [one, other].map((client, index) => client.call('echo', { message: texts[index] })),
  );
  expect(echoes).toEqual(texts.map((text) => `Echo: ${text}`));
  expect(await starts()).toHaveLength(1);
});

it('streams: progress arrives while a tool is at work', async () => {
  await using client = await connect();
  const seen: number[] = [];
  const call = {
    name: 'trigger-long-running-operation',
    arguments: { duration: 1, steps: 4 },
  };
  await client.client.callTool(call, undefined, {
    onprogress: ({ progress }) => void seen.push(progress),
  });
  expect(seen).toEqual([1, 2, 3, 4]);
});

it('runs it as its user, with its port and host in its environment', async () => {
  const { status, environment } = await besideServer(
    tenancy,
    `bob/${template.name}`,
    (pid) => {
      const { readFileSync } = process.getBuiltinModule('node:fs');
      const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
      return { status: read('status'), environment: read('environ').split('\0') };
    },
    (await starts())[0] ?? '',
  );
  expect(status).toMatch(new RegExp(`^Uid:(\\t${bob.user.uid}){4}$`, 'm'));
  expect(environment).toEqual(expect.arrayContaining(['HOST=127.0.0.1', `PORT=${port}`]));
});

it('answers nobody without a token', async () => {
  const url = bob.servers[0]?.url ?? '';
  expect((await fetch(url, { method: 'POST' })).status).toBe(401);
  await expect(TestClient.connect(url, `${bob.token.slice(0, -4)}aaaa`)).rejects.toThrow(
    'a valid bearer token is needed',
  );
});

it('starts it again when it was killed: clients in between are told why, the container stays', async () => {
  const before = await inspectServer(tenancy, 'bob', template.name);
  const known = await starts();
  const client = await connect();
  const call = { name: 'trigger-long-running-operation', arguments: { duration: 60, steps: 60 } };
  const onprogress = vi.fn<() => void>();
  const held = client.client.callTool(call, undefined, { onprogress });
  const told = expect(held).rejects.toThrow('the MCP server was ended by SIGKILL');
  await vi.waitUntil(() => onprogress.mock.calls.length > 0, { timeout: 30_000 });
  await tenancy.docker('exec', before.Id, 'node', '-e', `process.kill(${known.at(-1)}, 'SIGKILL')`);
  await told;
  await client.client.close();
  await using next = await connect();
  expect(await next.call('echo', { message: 'again' })).toBe('Echo: again');
  const after = await inspectServer(tenancy, 'bob', template.name);
  expect(after.State.StartedAt).toBe(before.State.StartedAt);
  expect(await starts()).toHaveLength(known.length + 1);
});
