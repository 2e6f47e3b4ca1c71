import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { unusedPort } from '../support/unused.ts';
import { Wire } from './wire.ts';
import { startNode, stop, type Start } from './running.ts';

const retryMs = 20;

const peers = {
  'mcp-proxy': {
    version: '6.7.19',
    program: 'dist/bin/mcp-proxy.mjs',
    options: (port: number, server: readonly string[]) =>
      ['--server', 'stream', '--host', '127.0.0.1', '--port', `${port}`, '--'].concat(server),
  },
  supergateway: {
    version: '4.0.0',
    program: 'dist/index.js',
    options: (port: number, server: readonly string[]) =>
      ['--outputTransport', 'streamableHttp', '--stateful', '--logLevel', 'none'].concat(
        ['--port', `${port}`, '--stdio'],
        server.join(' '),
      ),
  },
} as const;

export type PeerName = keyof typeof peers;
export const peerNames = Object.keys(peers) as PeerName[];

/** `mcp-proxy 6.7.19` */
export const peersInFull = peerNames.map((name) => `${name} ${peers[name].version}`);

/** Puts the peers, in exactly these versions, into a cache of this account; what is there stays. */
export function installPeers(): void {
  for (const name of peerNames) {
    const folder = folderOf(name);
    if (existsSync(programOf(name))) continue;
    mkdirSync(folder, { recursive: true });
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    const args = ['install', '--prefix', folder, ...options, `${name}@${peers[name].version}`];
    const { status } = spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`npm could not install ${name} ${peers[name].version}`);
  }
}

/** How a peer is started, by the same Node and before the same server as the bridge. */
export function startPeer(name: PeerName): Start {
  return async (server) => {
    const port = await unusedPort();
    const child = startNode([programOf(name), ...peers[name].options(port, server)]);
    child.stdout?.resume();
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      const wire = await Wire.open(port).catch(() => undefined);
      wire?.close();
      if (wire) break;
      await wait(retryMs);
    }
    return { port, token: undefined, pid: child.pid, [Symbol.asyncDispose]: () => stop(child) };
  };
}

function folderOf(name: PeerName): string {
  return join(homedir(), '.cache/mcpd-bench', `${name}-${peers[name].version}`);
}

function programOf(name: PeerName): string {
  return join(folderOf(name), 'node_modules', name, peers[name].program);
}
