import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import type { BridgeConfig } from '../../src/bridge/config.ts';
import { runClients } from './echo-clients.ts';
import type { Row } from './report.ts';

const bundle = join(import.meta.dirname, '../../dist/bridge.mjs');
const server = join(import.meta.dirname, '../fixtures/stdio-server.mjs');
// As in Dockerfile.mcp.
const nodeFlags = ['--max-semi-space-size=1'];
const seconds = 3;

/** The bundled bridge in front of a stdio server that echoes, without a container around it. */
export async function benchBridge(): Promise<Row[]> {
  await using bridge = await RunningBridge.start();
  const { port, token } = bridge;
  const idle = await bridge.memoryMib();
  await runClients({ port, token, clients: 1, seconds: 1 });
  const one = await runClients({ port, token, clients: 1, seconds });
  const eight = await runClients({ port, token, clients: 8, seconds });
  const loaded = await bridge.memoryMib();
  const plain = { against: '', budget: '', verdict: '' } as const;
  return [
    { what: 'bridge, `tools/call` echo, 1 client', measured: describe(one), ...plain },
    { what: 'bridge, `tools/call` echo, 8 clients', measured: describe(eight), ...plain },
    { what: 'bridge memory (PSS), idle', measured: `${Math.round(idle)} MiB`, ...plain },
    {
      what: 'bridge memory (PSS), after that load',
      measured: `${Math.round(loaded)} MiB`,
      against: '',
      budget: '≤ 45 MiB',
      verdict: loaded <= 45 ? 'met' : 'over',
    },
  ];
}

function describe({ perSecond, p50Ms }: { perSecond: number; p50Ms: number }): string {
  return `${Math.round(perSecond)}/s, p50 ${p50Ms.toFixed(2)} ms`;
}

class RunningBridge implements AsyncDisposable {
  readonly port: number;
  readonly token: string;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(parts: { port: number; token: string; child: ChildProcess; folder: string }) {
    this.port = parts.port;
    this.token = parts.token;
    this.#process = parts.child;
    this.#folder = parts.folder;
  }

  static async start(): Promise<RunningBridge> {
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-bench-'));
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const port = await freePort();
    const config = bridgeConfig(port, publicKey.export({ format: 'jwk' }).x ?? '');
    await writeFile(join(folder, 'bridge.json'), JSON.stringify(config));
    await writeFile(join(folder, 'tokens.json'), JSON.stringify({ live: ['t1'] }));
    const token = await new SignJWT({ scope: 'tools:read tools:call' })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(config.auth.issuer)
      .setAudience(config.auth.audience)
      .setSubject('bob')
      .setJti('t1')
      .setExpirationTime('1h')
      .sign(privateKey);
    const child = spawn(process.execPath, [...nodeFlags, bundle, '--config', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Its first line says that it listens.
    await once(child.stdout, 'data');
    child.stdout.resume();
    return new RunningBridge({ port, token, child, folder });
  }

  /** The bridge's share of memory, without the server's. */
  async memoryMib(): Promise<number> {
    const rollup = await readFile(`/proc/${this.#process.pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function bridgeConfig(port: number, x: string): BridgeConfig {
  return {
    schema: 1,
    listen: { host: '127.0.0.1', port },
    user: { id: 'bob', name: 'bob' },
    server: {
      key: 'bob/echo',
      argv: [process.execPath, server],
      image: 'none',
      cwd: '/',
      env: {},
      secrets: [],
      identity: null,
    },
    auth: {
      issuer: 'mcpd:bench',
      audience: 'mcpd:bench/bob',
      publicKey: { kty: 'OKP', crv: 'Ed25519', x },
    },
    url: `http://127.0.0.1:${port}/mcp`,
    hosts: [`127.0.0.1:${port}`],
    origins: [],
    memoryBytes: 0,
    bounds: {
      bodyBytes: 2 ** 20,
      lineBytes: 2 ** 20,
      sessions: 16,
      spares: 1,
      pendingPerSession: 256,
      sessionIdleMs: 600_000,
      requestMs: 60_000,
      initializeMs: 60_000,
    },
  };
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}
