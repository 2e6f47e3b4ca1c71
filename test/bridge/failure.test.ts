import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  fixture,
  initialize,
  isAlive,
  startBridge,
  toolCall,
  until,
  untilInFlight,
  type Setup,
  type TestBridge,
} from './harness.ts';

interface Fault {
  readonly setup?: () => Setup;
  /** Makes the server fail, and gives the processes that must be gone with it. */
  readonly fail: (bridge: TestBridge, session: string) => Promise<number[]>;
  /** Of the answer to a request in flight. */
  readonly message: RegExp;
  readonly code?: number;
}

const byTool =
  (tool: string, args?: Record<string, unknown>): Fault['fail'] =>
  async ({ tool: call }, session) => {
    await call(session, tool, args);
    return [];
  };

const faults: Readonly<Record<string, Fault>> = {
  crash: {
    fail: byTool('crash'),
    message: /exited with code 3; its last output: first line \| last words$/,
  },
  exception: {
    fail: byTool('throw'),
    message: /exited with code 1; its last output: .*Error: something nobody caught \| Node\.js v/,
  },
  'exit 0': { fail: byTool('exit', { code: 0 }), message: /exited with code 0$/ },
  kill: { fail: byTool('kill', { signal: 'SIGKILL' }), message: /ended by SIGKILL$/ },
  'segmentation fault': { fail: byTool('kill', { signal: 'SIGSEGV' }), message: /by SIGSEGV$/ },
  hang: {
    fail: async (bridge, session) => {
      const hung = bridge.rpc(session, toolCall(1001, 'hang'));
      await untilInFlight(bridge, session, 1001);
      bridge.clock.advance(121_000);
      await hung;
      await bridge.call({ method: 'DELETE', headers: { 'mcp-session-id': session } });
      return [];
    },
    message: /^the MCP server did not answer in time$/,
    code: -32001,
  },
  'out of memory': {
    setup: () => {
      let kills = 0;
      return { countOomKills: () => kills++ };
    },
    fail: byTool('kill', { signal: 'SIGKILL' }),
    message: /^the MCP server ran out of memory \(cap 64 MiB\) and was killed$/,
  },
  'out of its own heap': {
    setup: () => ({ server: { argv: [process.execPath, '--max-old-space-size=24', fixture] } }),
    fail: byTool('hoard'),
    message: /ended by SIGABRT; its last output: .*heap out of memory/,
  },
  'a line without end': {
    setup: () => ({ bounds: { lineBytes: 100_000 } }),
    fail: byTool('endless', { bytes: 200_000 }),
    message: /above 100000 bytes/,
  },
  'closed output': { fail: byTool('close'), message: /closed its output/ },
  'an orphaned grandchild': {
    fail: async (bridge, session) => {
      const pids = [];
      for (const tool of ['grandchild', 'noisy-grandchild']) {
        const { json } = await bridge.tool(session, tool);
        pids.push(Number(json.result?.content?.[0]?.text));
      }
      expect(pids.every(isAlive)).toBe(true);
      await bridge.tool(session, 'exit', { code: 1 });
      return pids;
    },
    message: /exited with code 1$/,
  },
  'a server that ignores SIGTERM': {
    setup: () => ({ options: ['--ignore-sigterm'] }),
    fail: async ({ call }, session) => {
      await call({ method: 'DELETE', headers: { 'mcp-session-id': session } });
      return [];
    },
    message: /^the session was ended: its client ended it$/,
  },
};

describe('every request in flight is told why, the next session works and no process is left', () => {
  test.each(Object.entries(faults))('%s', async (_, { setup, fail, message, code = -32000 }) => {
    const bridge = await startBridge(setup?.());
    const session = await bridge.open();
    const held = bridge.rpc(session, toolCall(1000, 'hold'));
    await untilInFlight(bridge, session, 1000);
    const listening = await bridge.stream(session);
    const others = await fail(bridge, session);
    const { status, json } = await held;
    expect([status, json.id, json.error?.code]).toEqual([200, 1000, code]);
    expect(json.error?.message).toMatch(message);
    await listening.closed;
    expect((await bridge.tool(session, 'echo')).status).toBe(404);
    await until(() => ![bridge.pid(), ...others].some(isAlive));
    expect((await bridge.tool(await bridge.open(), 'echo')).status).toBe(200);
  });

  test('garbage on stdout', async () => {
    const { open, tool, log, call, pid } = await startBridge();
    const session = await open();
    const answer = await tool(session, 'garbage');
    expect(answer.json.result?.content?.[0]?.text).toBe('after garbage');
    expect(log).toContain('session 1: wrote a line on stdout that is no message; skipped');
    expect(log.join()).not.toContain('Listening');
    await call({ method: 'DELETE', headers: { 'mcp-session-id': session } });
    await until(() => !isAlive(pid()));
    expect((await tool(await open(), 'echo')).status).toBe(200);
  });
});

test('a server killed for want of memory: the answer says so, with the cap', async () => {
  let kills = 0;
  const { open, tool } = await startBridge({ countOomKills: () => kills });
  const first = await open();
  kills += 1;
  const killed = await tool(first, 'kill', { signal: 'SIGKILL' });
  expect(killed.json.error).toMatchObject({
    message: 'the MCP server ran out of memory (cap 64 MiB) and was killed',
    data: { kind: 'out-of-memory', memoryBytes: 64 * 2 ** 20 },
  });
  const again = await tool(await open(), 'kill', { signal: 'SIGKILL' });
  expect(again.json.error?.data).toEqual({ kind: 'signal', signal: 'SIGKILL' });
});

for (const tool of ['grandchild', 'noisy-grandchild']) {
  test(`a ${tool} does not outlive its session`, async () => {
    const bridge = await startBridge();
    const session = await bridge.open();
    const grandchild = Number((await bridge.tool(session, tool)).json.result?.content?.[0]?.text);
    expect(isAlive(grandchild)).toBe(true);
    await bridge.call({ method: 'DELETE', headers: { 'mcp-session-id': session } });
    await until(() => !isAlive(grandchild) && !isAlive(bridge.pid()));
  });
}

test('an answer written just before the end still arrives', async () => {
  const { open, rpc } = await startBridge();
  const session = await open();
  const held = rpc(session, toolCall(1, 'hold'));
  await until(async () => (await rpc(session, { id: 1, method: 'ping' })).status === 400);
  const line = `{"id":1,"result":{"last":"${'x'.repeat(100_000)}"}}`;
  void rpc(session, toolCall(2, 'raw', { line }));
  void rpc(session, toolCall(3, 'exit', { code: 1 }));
  expect((await held).text).toBe(line);
});

test('a command that does not exist is an error that says so', async () => {
  const { call } = await startBridge({ server: { argv: ['/nowhere/server'] } });
  const answer = await call({ body: JSON.stringify(initialize('2025-11-25')) });
  expect(answer.json.error?.message).toBe('the MCP server could not be started: ENOENT');
  expect(answer.headers['mcp-session-id']).toBeUndefined();
});

test('a folder that does not exist is an error too', async () => {
  const { call } = await startBridge({ server: { cwd: '/nowhere' } });
  const answer = await call({ body: JSON.stringify(initialize('2025-11-25')) });
  expect(answer.json.error?.message).toBe('the MCP server could not be started: ENOENT');
});

test('a server that refuses to initialize: its error is passed on and no session stays', async () => {
  const { call, pid } = await startBridge({ options: ['--refuse'] });
  const answer = await call({ body: JSON.stringify(initialize('2025-11-25')) });
  expect(answer.json.error).toEqual({ code: -32602, message: 'not for you' });
  expect(answer.headers['mcp-session-id']).toBeUndefined();
  await until(() => !isAlive(pid()));
});

test('a server that speaks before it has initialized does not confuse the answer', async () => {
  const { call } = await startBridge({ options: ['--chatty'] });
  const answer = await call({ body: JSON.stringify(initialize('2025-11-25')) });
  expect(answer.json.result?.protocolVersion).toBe('2025-11-25');
});

test('what a server says on stderr is logged with its session, without secrets or control characters', async () => {
  const secrets = new Map([['API_KEY', 'hunter2-hunter2']]);
  const { open, tool, stderr } = await startBridge({ secrets });
  const session = await open();
  await tool(session, 'stderr', { text: 'key is hunter2-hunter2 \u001b[31mred\u0007' });
  await tool(session, 'stderr', { text: 'y'.repeat(5000) });
  await until(() => stderr.length === 2);
  expect(stderr).toEqual(['[1] key is *** red', `[1] ${'y'.repeat(4096)}…`]);
});

test('a server sees its path, a home, what is declared and its secrets, and nothing else', async () => {
  const { open, tool } = await startBridge({
    server: { env: { LEVEL: 'high', HOME: '/workspace' } },
    secrets: new Map([['API_KEY', 'value\n']]),
  });
  const answer = await tool(await open(), 'environment');
  expect(JSON.parse(answer.json.result?.content?.[0]?.text ?? '')).toEqual({
    PATH: process.env['PATH'],
    HOME: '/workspace',
    LEVEL: 'high',
    API_KEY: 'value\n',
  });
});

test.runIf(process.getuid?.() === 0)('a server runs as its tenant', async () => {
  const { open, pid } = await startBridge({ server: { identity: { uid: 200_123, gid: 200_124 } } });
  await open();
  const status = readFileSync(`/proc/${pid()}/status`, 'utf8');
  expect(status).toMatch(/^Uid:\t200123\t200123\t200123\t200123$/m);
  expect(status).toMatch(/^Gid:\t200124\t200124\t200124\t200124$/m);
  expect(status).toMatch(/^Groups:\t\s*$/m);
});

test('the kernel is told to take the server rather than the bridge', async () => {
  const { open, pid } = await startBridge();
  const before = readFileSync('/proc/self/oom_score_adj', 'utf8');
  await open();
  expect(readFileSync(`/proc/${pid()}/oom_score_adj`, 'utf8')).toBe('1000\n');
  expect(readFileSync('/proc/self/oom_score_adj', 'utf8')).toBe(before);
});
