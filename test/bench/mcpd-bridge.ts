import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { bridgeConfig } from '../support/bridge-config.ts';
import { bridgeNodeFlags } from '../support/node-flags.ts';
import { unusedPort } from '../support/unused.ts';
import { startNode, stop, type Running } from './running.ts';

const bundle = join(import.meta.dirname, '../../dist/bridge.cjs');
/** More than one server's own bound: the clients of the load each have one. */
const roomForLoad = 40;

interface RunningBridge extends Running {
  /** From the start of its process until it listened. */
  readonly startMs: number;
}

/**
 * Starts the bundled bridge without a container around it, as every server's container starts it. The
 * bundle is copied to where nothing else is, which shows that it needs no other file.
 */
export async function startBridge(
  server: readonly string[],
  sessions = roomForLoad,
): Promise<RunningBridge> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpd-bench-'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const port = await unusedPort();
  const config = bridgeConfig({
    port,
    key: publicKey,
    server: { key: 'bob/echo', argv: server, cwd: '/' },
    bounds: {
      bodyBytes: 16 * 2 ** 20,
      lineBytes: 64 * 2 ** 20,
      sessions,
      spares: 1,
      pendingPerSession: 256,
      requestMs: 60_000,
      initializeMs: 60_000,
    },
  });
  await copyFile(bundle, join(folder, 'bridge.cjs'));
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
  const startedAt = performance.now();
  const child = startNode([...bridgeNodeFlags(), join(folder, 'bridge.cjs'), '--config', folder]);
  // Its first line says that it listens.
  if (child.stdout) await once(child.stdout, 'data');
  const startMs = performance.now() - startedAt;
  child.stdout?.resume();
  const dispose = async (): Promise<void> => {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  return { port, token, pid: child.pid, startMs, [Symbol.asyncDispose]: dispose };
}
