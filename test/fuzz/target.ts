import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { bridgeConfig } from '../support/bridge-config.ts';
import { bridgeNodeFlags } from '../support/node-flags.ts';
import { processesWith } from '../support/proc.ts';
import { unusedPort } from '../support/unused.ts';

const entry = join(import.meta.dirname, '../../src/bridge/main.ts');
const server = join(import.meta.dirname, '../fixtures/strict-server.mjs');

/** A bridge that runs as its own program, in front of a server that complains. */
export interface Target {
  readonly port: number;
  readonly token: string;
  /** What is wrong with it now. */
  complaints(): string[];
  rssBytes(): number;
  openFiles(): number;
  /** Ends it, and gives what is wrong with how it ended. */
  close(): Promise<string[]>;
}

export async function startTarget(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const keys = generateKeyPairSync('ed25519');
  const port = await unusedPort();
  const got = join(folder, 'got');
  const config = bridgeConfig({
    port,
    key: keys.publicKey,
    server: { key: 'bob/strict', argv: [process.execPath, server, got], cwd: folder },
    bounds: {
      bodyBytes: 65_536,
      lineBytes: 2 ** 20,
      sessions: 4,
      spares: 1,
      pendingPerSession: 32,
      sessionIdleMs: 60_000,
      requestMs: 2_000,
      initializeMs: 10_000,
    },
    other: {
      hosts: [`127.0.0.1:${port}`],
      origins: ['http://127.0.0.1'],
      memoryBytes: 2 ** 28,
    },
  });
  writeFileSync(join(folder, 'bridge.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'tokens.json'), JSON.stringify({ live: ['t1'] }));
  writeFileSync(got, '');
  const token = await new SignJWT({ scope: 'tools:read tools:call resources:read prompts:read' })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer(config.auth.issuer)
    .setAudience(config.auth.audience)
    .setSubject('u1')
    .setJti('t1')
    .setExpirationTime('9h')
    .sign(keys.privateKey);

  // As its image starts it: else the heap grows to its liking.
  const bridge = spawn(process.execPath, [...bridgeNodeFlags(), entry, '--config', folder], {
    env: { PATH: process.env['PATH'] },
  });
  const exit = once(bridge, 'exit') as Promise<[number | null, string | null]>;
  let log = '';
  let errors = '';
  bridge.stdout.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-10_000)));
  bridge.stderr.on(
    'data',
    (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(0, 10_000)),
  );
  while (!log.includes('listening')) {
    if (bridge.exitCode !== null) throw new Error(`the bridge did not start: ${errors}`);
    await after(10);
  }
  const proc = `/proc/${bridge.pid}`;
  const complaints = (): string[] => [
    ...(bridge.exitCode !== null || bridge.signalCode !== null ? ['the bridge has crashed'] : []),
    ...(errors === '' ? [] : [`on stderr: ${errors}`]),
    ...(log.includes('a request failed') ? [`in the log: ${log}`] : []),
    ...(log.includes('is no message') ? ['an answer of the server came in pieces'] : []),
    ...(log.includes(token) ? ['the token is in the log'] : []),
    ...readFileSync(got, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => `the server was given ${line.slice(0, 500)}`),
  ];
  return {
    port,
    token,
    complaints,
    rssBytes: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1]) * 1024,
    openFiles: () => readdirSync(`${proc}/fd`).length,
    close: async () => {
      const before = complaints();
      bridge.kill('SIGTERM');
      const [code] = await exit;
      const left = processesWith((text) => text.includes(folder));
      rmSync(folder, { recursive: true });
      return [
        ...before,
        ...(code === 0 ? [] : [`the bridge ended with ${code}`]),
        ...left.map(({ pid }) => `process ${pid} was left behind`),
      ];
    },
  };
}
