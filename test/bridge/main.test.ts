import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { decodeUsage } from '../../src/records/usage.ts';
import { bridgeConfig } from '../support/bridge-config.ts';
import { unusedPort } from '../support/unused.ts';
import { fixture, initialize, isAlive, readAudit, send, toolCall, until } from './harness.ts';

const entry = new URL('../../src/bridge/main.ts', import.meta.url).pathname;

interface Program {
  folder: string;
  process: ChildProcess;
  port: number;
  token: string;
  output(): string;
}

async function run(folder: string, environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [entry, '--config', folder], {
    env: { PATH: process.env['PATH'], ...environment },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { process: child, output: () => output };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function start(options: string[] = []): Promise<Program> {
  const folder = makeFolder();
  const keys = generateKeyPairSync('ed25519');
  const port = await unusedPort();
  const config = bridgeConfig({
    port,
    key: keys.publicKey,
    server: {
      argv: [process.execPath, fixture, ...options],
      cwd: folder,
      env: { DECLARED: 'yes' },
      secrets: ['API_KEY', 'OPTIONAL_KEY'],
    },
    bounds: { spares: 1 },
  });
  writeFileSync(join(folder, 'bridge.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'tokens.json'), JSON.stringify({ live: ['t1'] }));
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets', 'API_KEY'), 'the-secret-value');
  const token = await new SignJWT({ scope: 'tools:read tools:call' })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(config.auth.issuer)
    .setAudience(config.auth.audience)
    .setSubject('u1')
    .setJti('t1')
    .setExpirationTime('1h')
    .sign(keys.privateKey);
  const program = await run(folder, { BRIDGE_OWN: 'hidden' });
  await until(() => program.output().includes(`listening on port ${port}`));
  return { ...program, folder, port, token };
}

async function open({ port, token }: Program): Promise<string> {
  const answer = await send(port, token, { body: JSON.stringify(initialize('2025-11-25')) });
  return String(answer.headers['mcp-session-id']);
}

function serverPid({ output }: Program): number {
  return Number(/pid (\d+)/.exec(output())?.[1]);
}

test('the program serves what its folder says, and prints neither secret nor token nor message', async () => {
  const program = await start();
  const session = await open(program);
  const answer = await send(program.port, program.token, {
    body: JSON.stringify(toolCall(1, 'environment', { text: 'a private matter' })),
    headers: { 'mcp-session-id': session },
  });
  const environment = JSON.parse(answer.json.result?.content?.[0]?.text ?? '{}') as object;
  expect(environment).toEqual({
    PATH: process.env['PATH'],
    HOME: '/tmp',
    DECLARED: 'yes',
    API_KEY: 'the-secret-value',
  });
  for (const private_ of ['the-secret-value', program.token, 'private matter', session]) {
    expect(program.output()).not.toContain(private_);
  }
});

test('SIGTERM ends servers, even stubborn ones, and then the program, with exit code 0', async () => {
  const program = await start(['--ignore-sigterm']);
  await open(program);
  const pid = serverPid(program);
  expect(isAlive(pid)).toBe(true);
  const started = Date.now();
  program.process.kill('SIGTERM');
  expect(await once(program.process, 'exit')).toEqual([0, null]);
  expect(isAlive(pid)).toBe(false);
  expect(Date.now() - started).toBeLessThan(8000);
});

test('a request in flight gets its answer before the program ends', async () => {
  const program = await start();
  const session = await open(program);
  const headers = { 'mcp-session-id': session };
  const post = (message: object) =>
    send(program.port, program.token, { body: JSON.stringify(message), headers });
  const held = post(toolCall(1, 'hold'));
  await until(async () => (await post(toolCall(1, 'echo'))).status === 400);
  program.process.kill('SIGTERM');
  const answer = await held;
  expect(answer.json.error?.message).toBe('the session was ended: the bridge is shutting down');
});

test('kill -9 loses no line of the audit whose request was answered, and usage adds up after it', async () => {
  const program = await start();
  const session = await open(program);
  const answered: number[] = [];
  const client = async (first: number): Promise<void> => {
    for (let id = first; ; id += 4) {
      const answer = await send(program.port, program.token, {
        body: JSON.stringify(toolCall(id, 'echo', { id })),
        headers: { 'mcp-session-id': session },
      });
      if (answer.json.result) answered.push(id);
    }
  };
  // Each ends with the connection that the kill breaks.
  const clients = [1, 2, 3, 4].map((first) => client(first).catch(() => undefined));
  await until(() => answered.length > 200);
  program.process.kill('SIGKILL');
  await Promise.all(clients);
  const records = join(program.folder, 'records');
  const calls = readAudit(records).filter(({ method }) => method === 'tools/call');
  expect(calls.length).toBeGreaterThanOrEqual(answered.length);
  expect(calls.length - answered.length).toBeLessThanOrEqual(4);

  const next = await run(program.folder);
  await until(() => next.output().includes('listening'));
  await until(() => {
    const usage = decodeUsage(readFileSync(join(records, 'usage.now'), 'utf8'));
    return usage?.counters.get('tools/call:echo')?.calls === calls.length;
  });
});

test('a server that crashes at every start ends the program soon, so that Docker backs off', async () => {
  const program = await start(['--crash-at-start']);
  const started = Date.now();
  expect(await once(program.process, 'exit')).toEqual([1, null]);
  // A container that ran longer starts without a pause.
  expect(Date.now() - started).toBeLessThan(10_000);
  expect(program.output()).toContain('[5] no configuration found');
  expect(program.output()).toContain('giving up');
});

test('without its material the program does not start, and says what is missing', async () => {
  const folder = makeFolder();
  const program = await run(folder);
  const [code] = (await once(program.process, 'exit')) as [number];
  expect(code).toBe(1);
  expect(program.output()).toContain(`${folder}/bridge.json cannot be read (ENOENT)`);
});
